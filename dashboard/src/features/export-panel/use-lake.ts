/** What lies in the folders: asked for again when an event says that it changed. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { answerOf } from "../../api/client";
import type { EventRecord } from "../../api/types";
import { useBackend } from "../../backend";
import { useRefreshOn } from "../../live/use-refresh-on";
import { useSettled } from "../../ui/use-settled";
import { type Choice, exportQuery } from "./export-choice";

export const INPUTS = "inputs";
export const DATASETS = "datasets";
/** A file that has just come counts as being written until it stood still for a while: two seconds where nothing else is set. */
const SETTLED_AFTER_MS = 5_000;
const SHOWN_INPUTS = 100;
const TYPING_PAUSE_MS = 400;

/** Files arrive without an event: they are asked for when somebody comes back to the page, not all the while. */
export function useInputs() {
  const { api } = useBackend();
  const queries = useQueryClient();
  const inputs = useQuery({
    queryKey: [INPUTS],
    queryFn: () => answerOf(api.GET("/api/inputs", { params: { query: { limit: SHOWN_INPUTS } } })),
  });
  const settling = inputs.data?.summary.settling ?? 0;
  useEffect(() => {
    const look = () => void queries.invalidateQueries({ queryKey: [INPUTS] });
    window.addEventListener("focus", look);
    // Once: a file that is still written then changes no count, and is not asked for again.
    const later = settling > 0 ? setTimeout(look, SETTLED_AFTER_MS) : undefined;
    return () => {
      window.removeEventListener("focus", look);
      clearTimeout(later);
    };
  }, [queries, settling]);
  return inputs;
}

export function useDatasets() {
  const { api } = useBackend();
  return useQuery({ queryKey: [DATASETS], queryFn: () => answerOf(api.GET("/api/datasets")) });
}

/** Once the form is open; a run that ends asks anew. */
export function useVersions(dataset: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [DATASETS, dataset, "history"],
    queryFn: () => answerOf(api.GET("/api/datasets/{name}/history", { params: { path: { name: dataset } } })),
  });
}

/** What an export would hold, asked once the typing has paused. */
export function useExportCheck(dataset: string, choice: Choice) {
  const { api } = useBackend();
  const settled = useSettled(choice, TYPING_PAUSE_MS);
  const check = useQuery({
    queryKey: [DATASETS, dataset, "check", settled],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET("/api/datasets/{name}/export/check", {
          params: { path: { name: dataset }, query: exportQuery(settled) },
          signal,
        }),
      ),
    retry: false,
    enabled: settled.columns?.length !== 0,
  });
  // What was said of another choice is not said of this one.
  const isCurrent = settled === choice;
  return { data: isCurrent ? check.data : undefined, error: isCurrent ? check.error : null };
}

const ENDINGS = new Set(["success", "failed", "stop"]);
const WRITERS = new Set(["pipeline", "translator", "merger"]);

/** A stage or run that ended, or a person's change of a merged table. */
const changesLake = ({ stage, event, run_id }: EventRecord): boolean =>
  (WRITERS.has(stage) && ENDINGS.has(event)) || (stage === "merger" && run_id === null);

export const useRefreshOnEvents = (): void => useRefreshOn(changesLake, [INPUTS, DATASETS]);
