/** What has come since the pages were counted: followed, or held as it was while somebody reads. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { EventRecord } from "../../api/types";
import { useSampledEvents } from "../../live/use-sampled-events";
import type { EventsFilter } from "./events-search";
import { cameSince, hasGap } from "./use-log";

const NONE: readonly EventRecord[] = [];

export function useCame(filter: EventsFilter, through: number, isHeldFirst: boolean, onGap: () => void) {
  const live = useSampledEvents();
  const came = useMemo(
    () => (through > 0 ? cameSince(live, through, filter) : NONE),
    [live, through, filter],
  );
  const [held, setHeld] = useState<readonly EventRecord[] | null>(isHeldFirst ? NONE : null);
  const isBroken = held === null && through > 0 && hasGap(live, through);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each gap
  useEffect(() => {
    if (isBroken) onGap();
  }, [isBroken]);
  const latest = useRef(came);
  useEffect(() => {
    latest.current = came;
  }, [came]);
  const told = held ?? came;
  return {
    /** The newest first. */
    shown: useMemo(() => told.toReversed(), [told]),
    isHeld: held !== null,
    waiting: held === null ? 0 : Math.max(0, came.length - held.length),
    hold: useCallback(() => setHeld((before) => before ?? latest.current), []),
    follow: useCallback(() => setHeld(null), []),
  };
}
