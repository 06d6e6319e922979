/** The list itself: only the rows in view are drawn; it follows the newest one until somebody scrolls up. */
import { useEffect, useRef } from "react";
import type { EventRecord } from "../../api/types";
import { EventRows } from "./event-rows";
import { useEventRows } from "./use-event-rows";

const AT_END_PX = 24;

interface Props {
  events: readonly EventRecord[];
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
}

export function EventList({ events, isFollowing, onFollow }: Props) {
  const list = useEventRows(events);
  const { scroller, rows, toggle } = list;
  const lastTop = useRef(0);
  const heightPx = rows.getTotalSize();

  // Whatever makes the list longer, following means to stay at its end.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new height is the trigger
  useEffect(() => {
    const element = scroller.current;
    if (isFollowing && element) element.scrollTop = element.scrollHeight;
  }, [isFollowing, heightPx]);

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
    <EventRows
      list={list}
      events={events}
      onScroll={onScroll}
      onToggle={(seq, index) => {
        onFollow(false);
        toggle(seq, index);
      }}
    />
  );
}
