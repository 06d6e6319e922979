/** The viewer's clock as a value that components follow; all share one timer a second. */
import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

const current = (): number => {
  // With no timer running the kept value may be old.
  if (!timer) nowMs = Date.now();
  return nowMs;
};

/** Milliseconds since the epoch, moving on each second. */
export const useNow = (): number => useSyncExternalStore(subscribe, current);
