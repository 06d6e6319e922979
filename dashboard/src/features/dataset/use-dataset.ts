/** What is asked of one table. Keys begin as those of the list: the same events renew them. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { useBackend } from "../../backend";
import { DATASETS, INPUTS } from "../export-panel/use-lake";
import type { DatasetSearch } from "./dataset-search";

export const PAGE_ROWS = 100;

export function useDataset(name: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [DATASETS, name],
    queryFn: () => answerOf(api.GET("/api/datasets/{name}", { params: { path: { name } } })),
    retry: false,
  });
}

export function useRows(name: string, { sort, descending, where, offset, version }: DatasetSearch) {
  const { api } = useBackend();
  const asked = {
    ...(sort !== undefined && { sort }),
    ...(descending && { descending }),
    ...(where !== undefined && { where }),
    ...(offset !== undefined && { offset }),
    ...(version !== undefined && { version }),
  };
  return useQuery({
    queryKey: [DATASETS, name, "rows", asked],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET("/api/datasets/{name}/rows", {
          params: { path: { name }, query: { limit: PAGE_ROWS, ...asked } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export function useProfile(name: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [DATASETS, name, "profile"],
    queryFn: () => answerOf(api.GET("/api/datasets/{name}/profile", { params: { path: { name } } })),
    retry: false,
  });
}

export function useChecks(name: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [DATASETS, name, "checks"],
    queryFn: () => answerOf(api.GET("/api/datasets/{name}/checks", { params: { path: { name } } })),
    retry: false,
  });
}

/** With `isDry` only what would change is told. */
export function useRestore(name: string, version: number, isDry: boolean) {
  const { api } = useBackend();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      answerOf(
        api.POST("/api/datasets/{name}/restore", {
          params: { path: { name } },
          body: { version, dry_run: isDry },
        }),
      ),
    onSuccess: async () => {
      if (isDry) return;
      await queries.invalidateQueries({ queryKey: [DATASETS] });
      await queries.invalidateQueries({ queryKey: [INPUTS] });
    },
  });
}
