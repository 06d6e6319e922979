/** What the server answers on the events that it has told. Pure. */
import type { EventRecord } from "../api/types";

export interface Told {
  events: readonly EventRecord[];
  /** The seq up to which events were removed. */
  removedUpTo: number;
  /** How many events one answer on pages of events looks through. */
  pagesLookThrough: number;
}

const FILTERS = ["run_id", "stage", "event"] as const;

function found({ events, removedUpTo }: Told, asked: URLSearchParams, since: number): EventRecord[] {
  const before = Number(asked.get("before") ?? Number.POSITIVE_INFINITY);
  const fits = (event: EventRecord): boolean =>
    FILTERS.every((name) => !asked.has(name) || asked.get(name) === event[name]) &&
    event.msg.includes(asked.get("q") ?? "");
  return events.filter(
    (event) => event.seq > Math.max(since, removedUpTo) && event.seq < before && fits(event),
  );
}

/** As the server answers, which looks through so many events for one answer. */
export function pagesFor(told: Told, asked: URLSearchParams) {
  const before = Math.min(Number(asked.get("before")), told.events.length + 1);
  const after = Math.max(0, before - 1 - told.pagesLookThrough);
  const newestFirst = found(told, asked, after).reverse();
  const size = Number(asked.get("size"));
  const items = newestFirst
    .filter((_, place) => place % size === 0)
    .map(({ seq }, page) => ({ seq, count: Math.min(size, newestFirst.length - page * size) }));
  return { items, next: after > 0 ? after + 1 : null, total: null };
}

/** As the server answers, of its filters `q`, `run_id`, `stage` and `event`. */
export function eventsFor(told: Told, asked: URLSearchParams) {
  const fitting = found(told, asked, Number(asked.get("since") ?? 0));
  if (asked.get("order") === "desc") fitting.reverse();
  const items = fitting.slice(0, Number(asked.get("limit") ?? 200));
  const next = fitting.length > items.length ? items.at(-1)?.seq : null;
  return { items, next, total: told.events.length };
}
