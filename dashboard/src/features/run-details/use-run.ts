/** What is known of one run: asked for again when an event says that it changed. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type Api, answerOf } from "../../api/client";
import type { EventRecord, Run } from "../../api/types";
import { useBackend, useLive } from "../../backend";
import { useRefreshOn } from "../../live/use-refresh-on";
import { netChanges } from "./configuration";

const RUN = "run";
const MOST_EVENTS = 10_000;
const EVENTS_AT_ONCE = 1000;
const MOST_FILES = 500;

/** As the live state has it while it goes on, else as the server remembers it. */
export function useRun(runId: string) {
  const { api } = useBackend();
  const live = useLive(({ status }) => (status?.run?.run_id === runId ? status.run : null));
  const asked = useQuery({
    queryKey: [RUN, runId],
    queryFn: () => answerOf(api.GET("/api/runs/{run_id}", { params: { path: { run_id: runId } } })),
  });
  return { run: live ?? asked.data ?? null, error: live ? null : asked.error };
}

export function useBalance(runId: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [RUN, runId, "balance"],
    queryFn: () => answerOf(api.GET("/api/runs/{run_id}/balance", { params: { path: { run_id: runId } } })),
  });
}

/** The last run before it that succeeded; null where there is none. */
export function useGoodRunBefore(runId: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [RUN, runId, "before"],
    queryFn: async (): Promise<Run | null> => {
      const query = { cursor: runId, state: "success", limit: 1 } as const;
      const { items } = await answerOf(api.GET("/api/runs", { params: { query } }));
      return items[0] ?? null;
    },
  });
}

/** What of the settings and the schedule was changed between the beginnings of two runs. */
export function useConfigurationChanges(run: Run, before: Run | null | undefined) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [RUN, run.run_id, "configuration", before?.run_id],
    queryFn: async () => {
      if (!before) return [];
      const asked = { from: before.started_at, to: run.started_at, limit: EVENTS_AT_ONCE } as const;
      const told = async (query: { stage: string; event: string; q: string }) =>
        (await answerOf(api.GET("/api/events", { params: { query: { ...asked, ...query } } }))).items;
      const events = await Promise.all([
        told({ stage: "pipeline", event: "log", q: "The configuration" }),
        told({ stage: "scheduler", event: "state", q: "The schedule" }),
      ]);
      return netChanges(events.flat());
    },
  });
}

export function useFilesOf(runId: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [RUN, runId, "files"],
    queryFn: () =>
      answerOf(api.GET("/api/inputs", { params: { query: { run_id: runId, limit: MOST_FILES } } })),
  });
}

/** All that it told, in order; `isWhole` is false where it told more than can be shown. */
export function useEventsOf(runId: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [RUN, runId, "events"],
    queryFn: () => eventsOf(api, runId),
    placeholderData: keepPreviousData,
  });
}

async function eventsOf(api: Api, runId: string): Promise<{ events: EventRecord[]; isWhole: boolean }> {
  const events: EventRecord[] = [];
  while (events.length < MOST_EVENTS) {
    const query = { since: events.at(-1)?.seq ?? 0, limit: EVENTS_AT_ONCE };
    const params = { path: { run_id: runId }, query };
    const page = await answerOf(api.GET("/api/runs/{run_id}/events", { params }));
    events.push(...page.items);
    if (page.next === null) return { events, isWhole: true };
  }
  return { events, isWhole: false };
}

/** A run or stage began or ended. */
const changesRun = ({ stage, event }: EventRecord): boolean =>
  (stage === "pipeline" && event === "state") || event === "success" || event === "failed";

export const useRefreshRun = (): void => useRefreshOn(changesRun, [RUN]);
