/** The events, drawn anew at most twenty times a second: a single one at once, a flood in steps. */
import { useEffect, useState } from "react";
import { useBackend } from "../backend";
import type { LiveState } from "./store";

const SAMPLE_EVERY_MS = 50;

export function useSampledEvents(): LiveState["events"] {
  const { live } = useBackend();
  const [events, setEvents] = useState(() => live.getState().events);
  useEffect(() => {
    let sampledAtMs = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const sample = (): void => {
      timer = undefined;
      sampledAtMs = performance.now();
      setEvents(live.getState().events);
    };
    const onChange = (): void => {
      timer ??= setTimeout(sample, Math.max(0, sampledAtMs + SAMPLE_EVERY_MS - performance.now()));
    };
    sample();
    const unsubscribe = live.subscribe((state, before) => {
      if (state.events !== before.events) onChange();
    });
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [live]);
  return events;
}
