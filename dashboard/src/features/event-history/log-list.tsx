/** The log, the newest on top: only the rows in view are drawn, and older ones are asked for as they come near. */
import { useEffect, useLayoutEffect, useRef } from "react";
import type { EventRecord } from "../../api/types";
import { EventRows } from "../events-log/event-rows";
import { rowHeightPx, useEventRows } from "../events-log/use-event-rows";
import { EventActions } from "./event-actions";

const AT_TOP_PX = 24;
/** Older events are asked for when so many rows are left below. */
const AHEAD = 200;
const ABOVE_MARKED = 3;

interface Props {
  events: readonly EventRecord[];
  markedSeq: number | undefined;
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
  /** Null where there are none, or where they are being asked for. */
  onOlder: (() => void) | null;
}

export function LogList({ events, markedSeq, isFollowing, onFollow, onOlder }: Props) {
  const list = useEventRows(events, markedSeq);
  const { scroller, rows, toggle } = list;
  const topSeq = useRef(events[0]?.seq);
  const lastDrawn = rows.getVirtualItems().at(-1)?.index ?? 0;
  const isNearEnd = lastDrawn > events.length - AHEAD;

  useEffect(() => {
    if (isNearEnd) onOlder?.();
  }, [isNearEnd, onOlder]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the list first stands
  useEffect(() => {
    const index = events.findIndex(({ seq }) => seq === markedSeq);
    if (index >= 0) rows.scrollToIndex(Math.max(0, index - ABOVE_MARKED), { align: "start" });
  }, []);

  useEffect(() => {
    if (isFollowing && scroller.current) scroller.current.scrollTop = 0;
  }, [isFollowing, scroller]);

  // What comes on top pushes down what somebody reads; the view goes with it.
  useLayoutEffect(() => {
    const element = scroller.current;
    const before = topSeq.current;
    topSeq.current = events[0]?.seq;
    if (!element || before === topSeq.current) return;
    if (!isFollowing) element.scrollTop += events.findIndex(({ seq }) => seq === before) * rowHeightPx();
  }, [events, isFollowing, scroller]);

  return (
    <EventRows
      list={list}
      events={events}
      isDated
      markedSeq={markedSeq}
      actions={(event) => <EventActions event={event} />}
      onScroll={() => onFollow((scroller.current?.scrollTop ?? 0) < AT_TOP_PX)}
      onToggle={(seq, index) => {
        onFollow(false);
        toggle(seq, index);
      }}
    />
  );
}
