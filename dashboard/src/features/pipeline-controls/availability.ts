/** What can be done with the pipeline now, and why the rest cannot. Pure. */
import type { RunState, Schedule } from "../../api/types";
import { isActive, isEnded } from "../../live/reducer";
import { titled } from "../../ui/format";

/** For each command the reason why it is not available, or null where it is. */
export interface Unavailable {
  start: string | null;
  stop: string | null;
  reset: string | null;
}

/** `noChange`: why nothing can be changed at all. */
export function unavailable(state: RunState, noChange: string | null, isBusy: boolean): Unavailable {
  if (noChange) return all(noChange);
  if (isBusy) return all("Waiting for the server");
  const running = isActive(state);
  return {
    start: running ? "A run is in progress" : null,
    stop: !running ? "No run is in progress" : state === "stopping" ? "The run is being stopped" : null,
    reset: running ? "Stop the run first" : isEnded(state) ? null : "Nothing to reset",
  };
}

const all = (reason: string): Unavailable => ({ start: reason, stop: reason, reset: reason });

/** Whether this server starts runs at the marks: `--no-schedule` has it start none. */
export const isKept = ({ configured, paused, next_run_at: next }: Schedule): boolean =>
  configured.trigger !== undefined || paused || next !== null;

/** What Stop will do now. */
export const stopExplanation = (stage: string | null): string =>
  `Stop ends ${stage ? `the ${titled(stage)}` : "the run"} after a short grace. ` +
  "Tables that are merged stay as they are; the rest is done by the next run.";
