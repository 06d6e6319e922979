/** Whether the server has another build of the page than the one that is shown; asked whenever it answers again. */
import { useEffect, useState } from "react";
import { onServer } from "../api/root-path";
import { useBackend } from "../backend";

/** The page names its script by what is in it. */
const SCRIPT = /<script[^>]+type="module"[^>]+src="([^"]+)"|<script[^>]+src="([^"]+)"[^>]+type="module"/;

export function scriptIn(page: string): string | null {
  const found = SCRIPT.exec(page);
  return (found?.[1] ?? found?.[2])?.split("/").at(-1) ?? null;
}

async function servedScript(): Promise<string | null> {
  const answer = await fetch(onServer("/"), { cache: "no-store" });
  return answer.ok ? scriptIn(await answer.text()) : null;
}

export function useNewBuild(): boolean {
  const { live } = useBackend();
  const [isNew, setNew] = useState(false);
  useEffect(
    () =>
      live.subscribe(({ connection }, before) => {
        if (connection.phase !== "live" || before.connection.phase === "live") return;
        const own = scriptIn(document.head.outerHTML + document.body.outerHTML);
        servedScript().then(
          (served) => setNew(served !== null && own !== null && served !== own),
          // Away again: it is asked once more when it is back.
          () => {},
        );
      }),
    [live],
  );
  return isNew;
}
