/** The state where the page itself is not looked at: the tab's title and icon, and a screen reader's voice. */
import { useEffect } from "react";
import type { RunState, Status } from "../api/types";
import { useLive } from "../backend";
import { isActive } from "../live/reducer";
import { clock, percent, titled } from "../ui/format";

export function titleOf(status: Status | null, isLive: boolean): string {
  if (!status || !isLive) return "○ not live · quarterhour";
  const { state, progress, schedule } = status;
  if (state === "running") return `▶ ${percent(progress ?? 0)} · quarterhour`;
  if (state === "failed") return "✗ failed · quarterhour";
  const next = schedule.next_run_at && !isActive(state) ? ` · next ${clock(schedule.next_run_at)}` : "";
  return `${state}${next} · quarterhour`;
}

type Look = RunState | "away";

const COLOURS: Record<Look, string> = {
  idle: "#6b7a72",
  starting: "#3d6ae0",
  running: "#3d6ae0",
  stopping: "#c98a1b",
  success: "#1f8a5b",
  failed: "#d13a2f",
  stopped: "#c98a1b",
  away: "#9aa5a0",
};

const SIGNS: Record<Look, string> = {
  idle: "M16 9v7l5 3",
  starting: "M13 10v12l9-6z",
  running: "M13 10v12l9-6z",
  stopping: "M12 12h8v8h-8z",
  success: "m10 16 4 4 8-8",
  failed: "m11 11 10 10m0-10L11 21",
  stopped: "M12 12h8v8h-8z",
  away: "M10 16h12",
};

const faviconOf = (look: Look): string =>
  `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${COLOURS[look]}"/>` +
      `<path d="${SIGNS[look]}" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>`,
  )}`;

export function PageState() {
  const isLive = useLive((live) => live.connection.phase === "live");
  const title = useLive((live) => titleOf(live.status, live.connection.phase === "live"));
  const state = useLive((live) => live.status?.state ?? null);
  const message = useLive((live) => (live.status?.state === "failed" ? live.status.run?.message : null));
  const icon = faviconOf(isLive && state ? state : "away");

  useEffect(() => {
    document.title = title;
  }, [title]);

  useEffect(() => {
    document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.setAttribute("href", icon);
  }, [icon]);

  return (
    <p role="status" className="sr-only">
      {state && `Pipeline: ${titled(state)}.`} {message} {!isLive && "Not live."}
    </p>
  );
}
