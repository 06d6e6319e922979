/** What the server remembers of a failed run, and of the good one before it. */
import { useQuery } from "@tanstack/react-query";
import { type Api, answerOf } from "../../api/client";
import type { EventRecord } from "../../api/types";
import { useBackend } from "../../backend";
import { columnsIn, lastLines, schemaChanges } from "./failure-facts";

const LINES = 4;
const EVENTS_READ = 300;
const MOST = 1000;

export function useLastLines(runId: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: ["run", runId, "last lines"],
    queryFn: async () => {
      const query = { run_id: runId, order: "desc", limit: EVENTS_READ } as const;
      return lastLines((await answerOf(api.GET("/api/events", { params: { query } }))).items, LINES);
    },
  });
}

/** The first record, or whole file, that the run put aside; null where it put none aside. */
export function useFirstPutAside(runId: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: ["run", runId, "put aside"],
    queryFn: async () => {
      const query = { limit: MOST };
      const { items } = await answerOf(api.GET("/api/quarantine", { params: { query } }));
      return items.find(({ run_id, outcome }) => run_id === runId && outcome !== "mended") ?? null;
    },
  });
}

export function useSchemaChanges(runId: string, goodRunId: string | undefined) {
  const { api } = useBackend();
  return useQuery({
    queryKey: ["run", runId, "schema", goodRunId],
    queryFn: async () =>
      goodRunId === undefined
        ? []
        : schemaChanges(
            columnsIn(await translatorLines(api, runId)),
            columnsIn(await translatorLines(api, goodRunId)),
          ),
  });
}

async function translatorLines(api: Api, runId: string): Promise<EventRecord[]> {
  const query = { run_id: runId, stage: "translator", event: "log", limit: MOST };
  return (await answerOf(api.GET("/api/events", { params: { query } }))).items;
}
