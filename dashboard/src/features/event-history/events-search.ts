/** What the address of the log says: which events, and which one it opens at. Pure. */
import type { EventRecord } from "../../api/types";

export const LEVELS = ["info", "warning", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** The server asks no longer text. */
const LONGEST_TEXT = 200;

/** By the names that `GET /api/events` has for them; times are RFC 3339 in UTC with milliseconds. */
export interface EventsFilter {
  run_id?: string;
  stage?: string;
  event?: string;
  level?: Level;
  /** Part of the message, or of a text in the data. */
  q?: string;
  from?: string;
  to?: string;
}

export interface EventsSearch extends EventsFilter {
  /** The event that the page opens at. */
  seq?: number;
}

/** A word that reads as a number or as true is a text still. */
function text(value: unknown): string | undefined {
  const written = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  return typeof written === "string" ? written.trim().slice(0, LONGEST_TEXT) || undefined : undefined;
}

function time(value: unknown): string | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
}

/** Whatever stands in the address: what is not understood is as if it were not there. */
export function readEventsSearch(search: Record<string, unknown>): EventsSearch {
  const seq = Number(search.seq);
  const [run_id, stage, event, q] = [search.run_id, search.stage, search.event, search.q].map(text);
  const level = LEVELS.find((each) => each === search.level);
  const [from, to] = [time(search.from), time(search.to)];
  return {
    ...(Number.isSafeInteger(seq) && seq > 0 && { seq }),
    ...(run_id && { run_id }),
    ...(stage && { stage }),
    ...(event && { event }),
    ...(level && { level }),
    ...(q && { q }),
    ...(from && { from }),
    ...(to && { to }),
  };
}

/** As the server judges it. */
function levelOf({ event, data }: EventRecord): string {
  if (typeof data.level === "string") return data.level;
  return event === "failed" || event === "error" ? "error" : "info";
}

/** What stands in the data and is not searched: see src/quarterhour/index/texts.py. */
const UNSEARCHED = new Set(["level", "status"]);
const MOST_CHARS = 4000;

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null)
    for (const [key, inner] of Object.entries(value)) if (!UNSEARCHED.has(key)) yield* textsIn(inner);
}

/** As the server searches. */
function says({ msg, data }: EventRecord, q: string): boolean {
  const texts = new Set([...textsIn(data)].filter((each) => !msg.includes(each)));
  const said = [...texts].join("\n").slice(0, MOST_CHARS);
  return [msg, said].some((each) => each.toLowerCase().includes(q.toLowerCase()));
}

/** Whether the server would have answered with an event; for those that came since it was asked. */
export function fits(event: EventRecord, { run_id, stage, event: kind, level, q, from, to }: EventsFilter) {
  return (
    (run_id === undefined || event.run_id === run_id) &&
    (stage === undefined || event.stage === stage) &&
    (kind === undefined || event.event === kind) &&
    (level === undefined || levelOf(event) === level) &&
    (q === undefined || says(event, q)) &&
    (from === undefined || event.timestamp >= from) &&
    (to === undefined || event.timestamp <= to)
  );
}
