/** The log, the newest on top, in a box that scrolls over all of it; only the rows in view are drawn. */
import { type Ref, useCallback, useEffect, useImperativeHandle, useMemo, useState } from "react";
import type { EventRecord } from "../../api/types";
import { number } from "../../ui/format";
import { rowHeightPx } from "../events-log/event-row";
import { EventActions } from "./event-actions";
import { LogRow } from "./log-row";
import { Heights } from "./tall";
import { useTallList } from "./use-tall-list";

const AT_TOP_PX = 24;
const ABOVE_MARKED = 3;

export interface Shown {
  first: number;
  last: number;
}

interface Props {
  ref: Ref<{ toTop: () => void }>;
  count: number;
  /** Undefined while it is read, null where it is not kept any more. */
  eventAt: (row: number) => EventRecord | undefined | null;
  /** The event that is pointed at, and its row once that is known. */
  marked: { seq: number | undefined; row: number | null };
  onShown: (shown: Shown) => void;
  onTop: (isAtTop: boolean) => void;
}

type Open = ReadonlyMap<number, { row: number; heightPx: number }>;

export function LogList({ ref, count, eventAt, marked, onShown, onTop }: Props) {
  const [rowPx, setRowPx] = useState(rowHeightPx);
  const [open, setOpen] = useState<Open>(new Map());
  const heights = useMemo(
    () => new Heights(count, rowPx, new Map([...open.values()].map(({ row, heightPx }) => [row, heightPx]))),
    [count, rowPx, open],
  );
  const onScrolled = useCallback((topPx: number) => onTop(topPx < AT_TOP_PX), [onTop]);
  const { scroller, drawn, onScroll, goTo } = useTallList(heights, onScrolled);
  const { firstInView: first, lastInView: last } = drawn;

  useEffect(() => {
    const measure = () => setRowPx(rowHeightPx());
    window.addEventListener("resize", measure);
    return () => window.removeEventListener("resize", measure);
  }, []);
  useEffect(() => onShown({ first, last }), [first, last, onShown]);
  useImperativeHandle(ref, () => ({
    toTop: () => {
      setOpen(new Map());
      goTo(0);
    },
  }));

  const { seq: markedSeq, row: markedRow } = marked;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when its row is known
  useEffect(() => {
    if (markedRow === null) return;
    goTo(heights.startOf(Math.max(0, markedRow - ABOVE_MARKED)));
    if (eventAt(markedRow)?.seq === markedSeq && markedSeq !== undefined)
      setOpen(new Map([[markedSeq, { row: markedRow, heightPx: rowPx }]]));
  }, [markedRow]);

  const onToggle = useCallback(
    ({ seq }: EventRecord, row: number) => {
      onTop(false);
      setOpen((before) => {
        const next = new Map(before);
        if (!next.delete(seq)) next.set(seq, { row, heightPx: rowPx });
        return next;
      });
    },
    [onTop, rowPx],
  );
  const onHeight = useCallback((seq: number, heightPx: number) => {
    setOpen((before) => {
      const known = before.get(seq);
      if (!known || known.heightPx === heightPx) return before;
      return new Map(before).set(seq, { ...known, heightPx });
    });
  }, []);

  return (
    <div
      ref={scroller}
      onScroll={onScroll}
      role="log"
      aria-live="off"
      aria-label="Events"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard
      tabIndex={0}
      className="absolute inset-0 overflow-y-auto overscroll-contain [overflow-anchor:none]"
    >
      <div className="relative" style={{ height: heights.boxPx }}>
        {/* By its top, not by a transform: browsers draw text wrong that is moved millions of pixels. */}
        <div className="absolute inset-x-0" style={{ top: heights.startOf(drawn.first) - drawn.offsetPx }}>
          {Array.from({ length: Math.max(0, drawn.end - drawn.first) }, (_, place) => {
            const row = drawn.first + place;
            const event = eventAt(row);
            return (
              <LogRow
                key={event ? event.seq : `row ${row}`}
                row={row}
                heightPx={rowPx}
                event={event}
                isOpen={event ? open.has(event.seq) : false}
                isMarked={markedSeq !== undefined && event?.seq === markedSeq}
                actions={actionsOf}
                onToggle={onToggle}
                onHeight={onHeight}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

const actionsOf = (event: EventRecord) => <EventActions event={event} />;

/** "1,001–1,024 of 1,000,000 events" */
export const placeOf = ({ first, last }: Shown, count: number, isWhole: boolean): string =>
  count === 0
    ? "0 events"
    : `${number(first + 1)}–${number(Math.min(last + 1, count))} of ${number(count)}${isWhole ? "" : "+"} event${count === 1 ? "" : "s"}`;
