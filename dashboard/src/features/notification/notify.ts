/** Whether somebody is told of a failed run by the system, and the telling: once, though several tabs are open. */
import type { Run, RunState } from "../../api/types";

const CHOICE = "quarterhour.notify";
const TOLD = "quarterhour.notified-run";

export type Permission = NotificationPermission | "unsupported";

export const permission = (): Permission =>
  "Notification" in window ? Notification.permission : "unsupported";

/** What this browser keeps; null where it keeps nothing. */
function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It holds until the page is left.
  }
}

export const isWanted = (): boolean => kept(CHOICE) === "on" && permission() === "granted";

/** Asks the browser only when somebody switches it on. */
export async function want(isOn: boolean): Promise<boolean> {
  const isGranted = !isOn || (await Notification.requestPermission()) === "granted";
  keep(CHOICE, isOn && isGranted ? "on" : "off");
  return isGranted;
}

/** Whether a run failed just now; what had failed when the page was opened is no news. Pure. */
export const hasFailed = (state: RunState | undefined, before: RunState | undefined): boolean =>
  state === "failed" && before !== undefined && before !== "failed";

/** One tab at a time looks whether another has told of this run already. */
export async function tell(run: Pick<Run, "run_id" | "message">): Promise<void> {
  const once = (): void => {
    if (!isWanted() || kept(TOLD) === run.run_id) return;
    keep(TOLD, run.run_id);
    // One of the same tag takes the other's place, where a browser has no locks.
    const shown = new Notification("quarterhour: a run failed", { body: run.message, tag: run.run_id });
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
  };
  // Only pages of https and of the loopback have locks.
  if ("locks" in navigator) await navigator.locks.request(TOLD, once);
  else once();
}
