/** What was put aside, and sending it back. Keys begin as those of the files: the same events renew them. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { useBackend } from "../../backend";
import { INPUTS } from "../export-panel/use-lake";
import type { QuarantineSearch } from "./quarantine-search";

const KEY = [INPUTS, "put-aside"];

export function usePutAside(search: QuarantineSearch) {
  const { api } = useBackend();
  return useInfiniteQuery({
    queryKey: [...KEY, "list", search],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answerOf(
        api.GET("/api/quarantine", {
          params: { query: { ...search, ...(pageParam !== null && { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next }) => (next === null ? null : String(next)),
  });
}

/** With the whole text. */
export function useOnePutAside(id: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [...KEY, "one", id],
    queryFn: () => answerOf(api.GET("/api/quarantine/{item_id}", { params: { path: { item_id: id } } })),
    retry: false,
  });
}

/** Null sends it as it stands. */
export function useRetry(id: string) {
  const { api } = useBackend();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (raw: string | null) =>
      answerOf(
        api.POST("/api/quarantine/{item_id}/retry", {
          params: { path: { item_id: id } },
          ...(raw !== null && { body: { raw } }),
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: [INPUTS] }),
  });
}
