/** The rows of the log: what came since on top, and below it the pages that were counted. */
import type { EventRecord } from "../../api/types";
import type { EventsFilter } from "./events-search";
import type { Shown } from "./log-list";
import { type useLogIndex, useLogPages } from "./use-log";

export function useRows(
  filter: EventsFilter,
  index: ReturnType<typeof useLogIndex>,
  came: readonly EventRecord[],
  shown: Shown,
  markedSeq: number | undefined,
) {
  const { pages, isWhole } = index;
  const markedPage =
    markedSeq === undefined || pages.count === 0 ? null : pages.pageOfSeq(markedSeq, isWhole);
  const [first, last] = [shown.first - came.length, shown.last - came.length];
  const read = useLogPages(filter, pages, first, last, markedPage);

  const eventAt = (row: number): EventRecord | undefined | null => {
    if (row < came.length) return came[row];
    const place = row - came.length;
    const page = pages.pageOf(place);
    const events = read.eventsOf(page);
    return events && (events[place - pages.firstRowOf(page)] ?? null);
  };

  /** Where the marked event stands, or the one that follows where it would. */
  const markedRow = (): number | null => {
    const events = markedPage === null ? undefined : read.eventsOf(markedPage);
    if (markedSeq === undefined || markedPage === null || !events) return null;
    const place = events.findIndex(({ seq }) => seq <= markedSeq);
    return came.length + pages.firstRowOf(markedPage) + (place < 0 ? Math.max(0, events.length - 1) : place);
  };

  const failed = index.error
    ? { error: index.error, askAgain: index.askAgain }
    : read.error && { error: read.error, askAgain: read.askAgain };
  return { count: came.length + pages.count, eventAt, markedRow: markedRow(), problem: failed };
}
