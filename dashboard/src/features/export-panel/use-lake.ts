/** What lies in the folders: asked for again when an event says that it changed. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { answerOf } from "../../api/client";
import type { EventRecord } from "../../api/types";
import { useBackend } from "../../backend";
import { onEvents } from "../../live/store";

const INPUTS = ["inputs"];
const DATASETS = ["datasets"];
/** Files arrive without an event. The client asks only while the page can be seen. */
const INPUTS_EVERY_MS = 10_000;
const SHOWN_INPUTS = 100;

export function useInputs() {
  const { api } = useBackend();
  return useQuery({
    queryKey: INPUTS,
    queryFn: () => answerOf(api.GET("/api/inputs", { params: { query: { limit: SHOWN_INPUTS } } })),
    refetchInterval: INPUTS_EVERY_MS,
  });
}

export function useDatasets() {
  const { api } = useBackend();
  return useQuery({ queryKey: DATASETS, queryFn: () => answerOf(api.GET("/api/datasets")) });
}

const ENDINGS = new Set(["success", "failed", "stop"]);
const WRITERS = new Set(["pipeline", "translator", "merger"]);

/** A stage or run that ended, or a person's change of a merged table. */
const changesLake = ({ stage, event, run_id }: EventRecord): boolean =>
  (WRITERS.has(stage) && ENDINGS.has(event)) || (stage === "merger" && run_id === null);

export function useRefreshOnEvents(): void {
  const { live } = useBackend();
  const queries = useQueryClient();
  useEffect(
    () =>
      onEvents(live, (fresh) => {
        if (!fresh.some(changesLake)) return;
        void queries.invalidateQueries({ queryKey: INPUTS });
        void queries.invalidateQueries({ queryKey: DATASETS });
      }),
    [live, queries],
  );
}
