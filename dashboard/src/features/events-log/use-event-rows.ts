/** Which rows of a long list of events are drawn, and which of them are open. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { EventRecord } from "../../api/types";
import { rowHeightPx } from "./event-row";
import { observeSize, scrollUnlessThere } from "./unforced";

export function useEventRows(events: readonly EventRecord[], firstOpen?: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const [openSeqs, setOpenSeqs] = useState<ReadonlySet<number>>(
    () => new Set(firstOpen === undefined ? [] : [firstOpen]),
  );
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: rowHeightPx,
    getItemKey: (index) => events[index]?.seq ?? index,
    overscan: 12,
    initialRect: { width: 800, height: 480 },
    observeElementRect: observeSize,
    scrollToFn: scrollUnlessThere,
  });

  useEffect(() => {
    window.addEventListener("resize", rows.measure);
    return () => window.removeEventListener("resize", rows.measure);
  }, [rows]);

  const toggle = (seq: number, index: number): void => {
    if (openSeqs.has(seq)) rows.resizeItem(index, rowHeightPx());
    setOpenSeqs((open) => {
      const next = new Set(open);
      if (!next.delete(seq)) next.add(seq);
      return next;
    });
  };
  return { scroller, rows, openSeqs, toggle };
}
