/** The rows in view, in a box as high as all of them, which is scrolled. */
import type { ReactNode } from "react";
import type { EventRecord } from "../../api/types";
import { EventRow } from "./event-row";
import type { useEventRows } from "./use-event-rows";

interface Props {
  list: ReturnType<typeof useEventRows>;
  events: readonly EventRecord[];
  onToggle: (seq: number, index: number) => void;
  onScroll: () => void;
  /** With the day, where the list spans more than one. */
  isDated?: boolean;
  markedSeq?: number | undefined;
  /** What can be done with an open one. */
  actions?: (event: EventRecord) => ReactNode;
}

export const EventRows = ({ list, events, onToggle, onScroll, isDated, markedSeq, actions }: Props) => (
  <div
    ref={list.scroller}
    onScroll={onScroll}
    role="log"
    aria-live="off"
    aria-label="Events"
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard
    tabIndex={0}
    className="absolute inset-0 overflow-y-auto overscroll-contain [overflow-anchor:none]"
  >
    <div className="relative" style={{ height: list.rows.getTotalSize() }}>
      {list.rows.getVirtualItems().map(({ key, index, start }) => {
        const event = events[index];
        if (!event) return null;
        const isOpen = list.openSeqs.has(event.seq);
        return (
          <div
            key={key}
            ref={isOpen ? list.rows.measureElement : undefined}
            data-index={index}
            className="absolute inset-x-0 top-0"
            style={{ transform: `translateY(${start}px)` }}
          >
            <EventRow
              event={event}
              isOpen={isOpen}
              isDated={isDated}
              isMarked={event.seq === markedSeq}
              actions={actions}
              onToggle={() => onToggle(event.seq, index)}
            />
          </div>
        );
      })}
    </div>
  </div>
);
