/** The events of a filter as lines of JSON, read through the API page by page. */
import { type Api, answerOf } from "../../api/client";
import type { EventRecord } from "../../api/types";
import type { EventsFilter } from "./events-search";

/** What a page of the browser takes with ease; beyond that there is `quarterhour events --json`. */
export const MOST_SAVED = 100_000;
const AT_ONCE = 1000;

export interface Gathered {
  /** One event a line, in the order of seq. */
  text: string;
  count: number;
  /** False where there are older ones too, which were left out. */
  isWhole: boolean;
}

interface Bounds {
  signal: AbortSignal;
  /** Told how many there are so far. */
  onCount: (count: number) => void;
  most?: number;
}

/** The newest `most` of them. Raises `Problem` where the server does not answer, and what `signal` was aborted with. */
export async function gather(
  api: Api,
  filter: EventsFilter,
  { signal, onCount, most = MOST_SAVED }: Bounds,
): Promise<Gathered> {
  const lines: string[] = [];
  let before: number | undefined;
  while (lines.length < most) {
    const limit = Math.min(AT_ONCE, most - lines.length);
    const query = { ...filter, order: "desc", limit, ...(before !== undefined && { before }) } as const;
    const { items, next } = await answerOf(api.GET("/api/events", { params: { query }, signal }));
    signal.throwIfAborted();
    lines.push(...items.map(lineOf));
    onCount(lines.length);
    if (next === null) return written(lines, true);
    before = Number(next);
  }
  return written(lines, false);
}

const lineOf = (event: EventRecord): string => `${JSON.stringify(event)}\n`;

const written = (newestFirst: string[], isWhole: boolean): Gathered => ({
  text: newestFirst.reverse().join(""),
  count: newestFirst.length,
  isWhole,
});
