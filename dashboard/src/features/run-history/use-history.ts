/** The past and the plan: asked for again when an event says that they changed. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import type { EventRecord } from "../../api/types";
import { useBackend } from "../../backend";
import { useRefreshOn } from "../../live/use-refresh-on";
import type { Frame, RunsSearch } from "./runs-search";

const RUNS = "runs";
const TIMELINE = "timeline";
const SLOTS = "slots";
const PLAN = "plan";
const PAGE_RUNS = 50;
const MOST_SLOTS = 40_000;

const iso = (ms: number): string => new Date(ms).toISOString();

export function useRuns({ state, trigger }: Pick<RunsSearch, "state" | "trigger">) {
  const { api } = useBackend();
  return useInfiniteQuery({
    queryKey: [RUNS, state, trigger],
    queryFn: ({ pageParam }) =>
      answerOf(
        api.GET("/api/runs", {
          params: {
            query: {
              limit: PAGE_RUNS,
              ...(pageParam && { cursor: pageParam }),
              ...(state && { state }),
              ...(trigger && { trigger }),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ next }) => (next === null ? undefined : String(next)),
    placeholderData: keepPreviousData,
  });
}

export function useTimeline({ fromMs, toMs }: Frame) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [TIMELINE, fromMs, toMs],
    queryFn: () =>
      answerOf(api.GET("/api/timeline", { params: { query: { from: iso(fromMs), to: iso(toMs) } } })),
    placeholderData: keepPreviousData,
  });
}

export function useSlots({ fromMs, toMs }: Frame) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [SLOTS, fromMs, toMs],
    queryFn: () =>
      answerOf(
        api.GET("/api/slots", {
          params: { query: { from: iso(fromMs), to: iso(toMs), limit: MOST_SLOTS } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
}

export function usePlan() {
  const { api } = useBackend();
  return useQuery({ queryKey: [PLAN], queryFn: () => answerOf(api.GET("/api/schedule/plan")) });
}

/** A run began or ended, or the schedule did something. */
const changesHistory = ({ stage, event }: EventRecord): boolean =>
  (stage === "pipeline" && event === "state") || stage === "scheduler";

export const useRefreshHistory = (): void => useRefreshOn(changesHistory, [RUNS, TIMELINE, SLOTS, PLAN]);
