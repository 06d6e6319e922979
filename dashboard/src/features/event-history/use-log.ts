/** The log as rows, the newest first: how many there are, and those around the ones in view; what comes since joins from the live store. */
import { type QueryClient, useInfiniteQuery, useQueries, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { type Api, answerOf } from "../../api/client";
import type { EventRecord } from "../../api/types";
import { useBackend, useLive } from "../../backend";
import { useSettled } from "../../ui/use-settled";
import { type EventsFilter, fits } from "./events-search";
import { LogIndex, type LogPage } from "./log-index";

const LOG = "log";
const PAGE_SIZE = 500;
/** The page that a row is in is read when it comes so near. */
const AHEAD = 150;
/** While somebody drags the bar past many pages, none of them is read. */
const PASSING_MS = 60;
const PAGE_KEPT_MS = 60_000;

const NO_PAGES: readonly LogPage[] = [];

/** Where each page begins, of what had happened when it was first asked: what comes later is told. */
export function useLogIndex(filter: EventsFilter) {
  const { api, live } = useBackend();
  const queries = useQueryClient();
  const [through, setThrough] = useState(() => live.getState().lastSeq);
  // Not known before the first snapshot; a lesser one is another log.
  const isOld = useLive(({ lastSeq }) => lastSeq > 0 && (through === 0 || lastSeq < through));
  const renew = useCallback(() => {
    queries.removeQueries({ queryKey: [LOG, "events"] });
    setThrough(live.getState().lastSeq);
  }, [queries, live]);
  useEffect(() => {
    if (isOld) renew();
  }, [isOld, renew]);
  const asked = useInfiniteQuery({
    queryKey: [LOG, "pages", filter, through],
    enabled: through > 0,
    initialPageParam: through + 1,
    queryFn: async ({ pageParam: before, signal }) => {
      const query = { ...filter, before, size: PAGE_SIZE };
      return answerOf(api.GET("/api/events/pages", { params: { query }, signal }));
    },
    getNextPageParam: ({ next }) => (next === null ? null : Number(next)),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const { hasNextPage, isFetching, isError, fetchNextPage } = asked;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);

  const answers = asked.data?.pages;
  const pages = useMemo(() => new LogIndex(answers?.flatMap(({ items }) => items) ?? NO_PAGES), [answers]);
  return {
    pages,
    through,
    /** False while older ones are still counted. */
    isWhole: through > 0 && answers !== undefined && !hasNextPage,
    isFetching,
    error: asked.error,
    askAgain: () => void (answers ? fetchNextPage() : asked.refetch()),
    renew,
  };
}

const keyOf = (filter: EventsFilter, { seq, count }: LogPage) => [LOG, "events", filter, seq, count];

async function read(api: Api, filter: EventsFilter, { seq, count }: LogPage, signal: AbortSignal) {
  const query = { ...filter, before: seq + 1, order: "desc", limit: count } as const;
  return (await answerOf(api.GET("/api/events", { params: { query }, signal }))).items;
}

/** Reads the pages of the rows from `first` to `last`, and those that are `wanted` besides. */
export function useLogPages(
  filter: EventsFilter,
  pages: LogIndex,
  first: number,
  last: number,
  wanted: number | null,
) {
  const { api } = useBackend();
  const queries = useQueryClient();
  const from = useSettled(pages.pageOf(Math.max(0, first - AHEAD)), PASSING_MS);
  const to = useSettled(pages.pageOf(last + AHEAD), PASSING_MS);
  const numbers = new Set(wanted === null ? [] : [wanted]);
  for (let page = from; page <= to; page++) numbers.add(page);
  const asked = [...numbers].flatMap((page) => pages.pages[page] ?? []);
  const { isFetching, failed } = useQueries({
    queries: asked.map((page) => ({
      queryKey: keyOf(filter, page),
      queryFn: ({ signal }: { signal: AbortSignal }) => read(api, filter, page, signal),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: PAGE_KEPT_MS,
      structuralSharing: false,
    })),
    combine: (answers) => ({
      isFetching: answers.some((answer) => answer.isFetching),
      failed: answers.find((answer) => answer.isError),
    }),
  });
  return {
    isFetching,
    error: failed?.error ?? null,
    askAgain: () => void failed?.refetch(),
    eventsOf: (page: number) => eventsOf(queries, filter, pages, page),
  };
}

/** Also of a page that was read before, and is not asked for now. */
function eventsOf(queries: QueryClient, filter: EventsFilter, pages: LogIndex, page: number) {
  const known = pages.pages[page];
  return known && queries.getQueryData<EventRecord[]>(keyOf(filter, known));
}

/** What has come since the pages were counted, the oldest first. Pure. */
export function cameSince(
  live: readonly EventRecord[],
  through: number,
  filter: EventsFilter,
): readonly EventRecord[] {
  return live
    .slice(live.findLastIndex(({ seq }) => seq <= through) + 1)
    .filter((event) => fits(event, filter));
}

/** Whether more has come than the live store keeps, so that some is in neither. Pure. */
export const hasGap = (live: readonly EventRecord[], through: number): boolean =>
  (live[0]?.seq ?? 0) > through + 1;
