/** The log, read a page at a time from the newest event or from the one asked for; what comes since joins it from the live store. */
import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { answerOf } from "../../api/client";
import type { EventRecord } from "../../api/types";
import { useBackend } from "../../backend";
import { useSampledEvents } from "../../live/use-sampled-events";
import { type EventsFilter, type EventsSearch, fits } from "./events-search";

const LOG = "log";
const AT_ONCE = 1000;
/** How many newer events are read with one that was pointed at. */
export const NEWER_IN_SIGHT = 50;

export interface LogPage {
  /** The newest first. */
  items: EventRecord[];
  older: number | null;
  newer: number | null;
  /** The newest seq that was known before the question: the answer leaves out no older one. */
  through: number;
}

type Cursor = { before?: number } | { since: number };

const cursorOf = (next: number | string | null): number | null => (next === null ? null : Number(next));

export function useLog({ seq, ...filter }: EventsSearch) {
  const { api, live } = useBackend();
  const queries = useQueryClient();
  const queryKey = [LOG, seq ?? null, filter];
  const first = seq === undefined ? {} : { before: seq + NEWER_IN_SIGHT + 1 };
  const log = useInfiniteQuery({
    queryKey,
    initialPageParam: first as Cursor,
    queryFn: async ({ pageParam, signal }): Promise<LogPage> => {
      const through = live.getState().lastSeq;
      const order = "since" in pageParam ? "asc" : "desc";
      const query = { ...filter, ...pageParam, order, limit: AT_ONCE } as const;
      const { items, next } = await answerOf(api.GET("/api/events", { params: { query }, signal }));
      if ("since" in pageParam)
        return { items: items.reverse(), older: null, newer: cursorOf(next), through };
      const newer = newerThan(items, pageParam.before, Object.keys(filter).length > 0);
      return { items, older: cursorOf(next), newer, through };
    },
    getNextPageParam: ({ older }): Cursor | null => (older === null ? null : { before: older }),
    getPreviousPageParam: ({ newer }): Cursor | null => (newer === null ? null : { since: newer }),
    // The past does not change; what comes is told.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const reset = () => void queries.resetQueries({ queryKey });
  return { log, reset };
}

/** Where a page that was read back from `before` goes on to newer events. Seqs have no holes: what is not there did not happen yet. */
function newerThan(items: EventRecord[], before: number | undefined, isFiltered: boolean): number | null {
  if (before === undefined) return null;
  const newest = items[0]?.seq ?? 0;
  return !isFiltered && newest < before - 1 ? null : before - 1;
}

/** The answer that holds an event leaves out no older one either. */
const knownOf = ({ through, items }: LogPage): number => Math.max(through, items[0]?.seq ?? 0);

/** What has come since the newest page was asked for, the oldest first. Pure. */
export function cameSince(
  live: readonly EventRecord[],
  newest: LogPage | undefined,
  filter: EventsFilter,
): readonly EventRecord[] {
  if (!newest || newest.newer !== null) return [];
  const known = knownOf(newest);
  return live.slice(live.findLastIndex(({ seq }) => seq <= known) + 1).filter((event) => fits(event, filter));
}

/** Whether more has come than the live store keeps, so that some is in neither. Pure. */
export const hasGap = (live: readonly EventRecord[], newest: LogPage | undefined): boolean =>
  newest !== undefined && newest.newer === null && (live[0]?.seq ?? 0) > knownOf(newest) + 1;

/** All that is shown, the newest first; after `heldSeq` nothing, where somebody reads. */
export function useShown(
  data: InfiniteData<LogPage> | undefined,
  filter: EventsFilter,
  heldSeq: number | null,
  onGap: () => void,
) {
  const live = useSampledEvents();
  const pages = data?.pages;
  const fetched = useMemo(() => pages?.flatMap(({ items }) => items) ?? [], [pages]);
  const came = useMemo(() => cameSince(live, pages?.[0], filter), [live, pages, filter]);
  const shown = useMemo(() => {
    const told = heldSeq === null ? came : came.filter(({ seq }) => seq <= heldSeq);
    return [...told].reverse().concat(fetched);
  }, [came, fetched, heldSeq]);
  const waiting = heldSeq === null ? 0 : came.filter(({ seq }) => seq > heldSeq).length;

  const isBroken = heldSeq === null && hasGap(live, pages?.[0]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each gap
  useEffect(() => {
    if (isBroken) onGap();
  }, [isBroken]);
  return { shown, waiting };
}
