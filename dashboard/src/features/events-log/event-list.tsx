/** The list itself: only the rows in view are drawn; it follows the newest one until somebody scrolls up. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { EventRecord } from "../../api/types";
import { EventRow } from "./event-row";

/** Closed rows are not measured: reading forty heights for each step of a flood would stop the page. */
const rowHeightPx = (): number => (window.innerWidth < 640 ? 48 : 28);

const AT_END_PX = 24;

interface Props {
  events: readonly EventRecord[];
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
}

export function EventList({ events, isFollowing, onFollow }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const [openSeqs, setOpenSeqs] = useState<ReadonlySet<number>>(new Set());

  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: rowHeightPx,
    getItemKey: (index) => events[index]?.seq ?? index,
    overscan: 12,
    initialRect: { width: 800, height: 480 },
  });
  const heightPx = rows.getTotalSize();

  // Whatever makes the list longer, following means to stay at its end.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new height is the trigger
  useEffect(() => {
    const element = scroller.current;
    if (isFollowing && element) element.scrollTop = element.scrollHeight;
  }, [isFollowing, heightPx]);

  useEffect(() => {
    window.addEventListener("resize", rows.measure);
    return () => window.removeEventListener("resize", rows.measure);
  }, [rows]);

  const toggle = (seq: number, index: number): void => {
    onFollow(false);
    if (openSeqs.has(seq)) rows.resizeItem(index, rowHeightPx());
    setOpenSeqs((open) => {
      const next = new Set(open);
      if (!next.delete(seq)) next.add(seq);
      return next;
    });
  };

  const onScroll = (): void => {
    const element = scroller.current;
    if (!element) return;
    const isUpward = element.scrollTop < lastTop.current;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX;
    lastTop.current = element.scrollTop;
    if (isAtEnd) onFollow(true);
    else if (isUpward) onFollow(false);
  };

  return (
    <div
      ref={scroller}
      onScroll={onScroll}
      role="log"
      aria-live="off"
      aria-label="Events"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard
      tabIndex={0}
      className="absolute inset-0 overflow-y-auto overscroll-contain"
    >
      <div className="relative" style={{ height: heightPx }}>
        {rows.getVirtualItems().map(({ key, index, start }) => {
          const event = events[index];
          return (
            event && (
              <div
                key={key}
                ref={openSeqs.has(event.seq) ? rows.measureElement : undefined}
                data-index={index}
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${start}px)` }}
              >
                <EventRow
                  event={event}
                  isOpen={openSeqs.has(event.seq)}
                  onToggle={() => toggle(event.seq, index)}
                />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}
