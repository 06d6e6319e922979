/** A row of the log: an event, or the room for one that is being read. */
import { memo, type ReactNode, useCallback } from "react";
import type { EventRecord } from "../../api/types";
import { EventRow } from "../events-log/event-row";

interface Props {
  row: number;
  heightPx: number;
  /** Undefined while it is read, null where it is not kept any more. */
  event: EventRecord | undefined | null;
  isOpen: boolean;
  isMarked: boolean;
  actions: (event: EventRecord) => ReactNode;
  onToggle: (event: EventRecord, row: number) => void;
  onHeight: (seq: number, heightPx: number) => void;
}

export const LogRow = memo(function LogRow({ row, heightPx, event, isOpen, onHeight, ...rest }: Props) {
  const seq = event?.seq ?? 0;
  const measured = useCallback(
    (element: HTMLDivElement | null) => {
      if (!element) return;
      const tell = () => onHeight(seq, element.offsetHeight);
      const observer = new ResizeObserver(tell);
      observer.observe(element);
      tell();
      return () => observer.disconnect();
    },
    [seq, onHeight],
  );
  return (
    <div ref={isOpen ? measured : undefined} data-row={row} style={isOpen ? undefined : { height: heightPx }}>
      {event ? (
        <EventRow
          event={event}
          isOpen={isOpen}
          isDated
          isMarked={rest.isMarked}
          actions={rest.actions}
          onToggle={() => rest.onToggle(event, row)}
        />
      ) : (
        <p className="flex h-full items-center px-5 text-xs text-muted">
          {event === null ? "Not kept any more" : <Room />}
        </p>
      )}
    </div>
  );
});

const Room = () => (
  <>
    <span className="sr-only">Being read</span>
    <span aria-hidden="true" className="h-2 w-2/5 rounded-full bg-sunken" />
  </>
);
