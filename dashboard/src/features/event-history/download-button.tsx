/** Saves what the filter lets through as a file of JSON lines. */
import { useEffect, useRef, useState } from "react";
import { useBackend } from "../../backend";
import { Button } from "../../ui/button";
import { counted, number } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { ProblemNote } from "../../ui/problem-note";
import type { EventsFilter } from "./events-search";
import { gather, MOST_SAVED } from "./gather";

const NAME = "events.jsonl";
const EXPLANATION = `One event a line, at most the newest ${number(MOST_SAVED)}`;

type Progress = { said: string } | { error: Error } | null;

export function DownloadButton({ filter }: { filter: EventsFilter }) {
  const { api } = useBackend();
  const underway = useRef<AbortController | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [progress, setProgress] = useState<Progress>(null);
  useEffect(() => () => underway.current?.abort(), []);

  const download = async (): Promise<void> => {
    const controller = new AbortController();
    underway.current = controller;
    const { signal } = controller;
    setBusy(true);
    setProgress(null);
    try {
      const onCount = (count: number) => setProgress({ said: `${counted(count, "event")} so far…` });
      const { text, count, isWhole } = await gather(api, filter, { signal, onCount });
      save(text);
      const rest = isWhole ? "" : ", the newest ones: quarterhour events --json writes them all";
      setProgress({ said: `Saved ${counted(count, "event")} as ${NAME}${rest}` });
    } catch (error) {
      if (signal.aborted) setProgress(null);
      else setProgress({ error: error instanceof Error ? error : new Error(String(error)) });
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      {isBusy ? (
        <Button onPress={() => underway.current?.abort()}>Stop the download</Button>
      ) : (
        <Button onPress={() => void download()} explanation={EXPLANATION}>
          <Icon name="download" /> Download
        </Button>
      )}
      <span role="status" className="text-xs text-muted">
        {progress && "said" in progress && progress.said}
      </span>
      {progress && "error" in progress && <ProblemNote error={progress.error} />}
    </>
  );
}

function save(text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = NAME;
  link.click();
  // The browser has taken it by then; held on to, it would keep its memory.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
