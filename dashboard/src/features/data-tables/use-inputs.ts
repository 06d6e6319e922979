/** Raw files a page at a time, and how many records are put aside. Keys begin as those of the panel: the same events renew them. */
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { useBackend } from "../../backend";
import { DATASETS, INPUTS } from "../export-panel/use-lake";
import type { InputState } from "./data-search";

export function useInputPages(state: InputState | undefined) {
  const { api } = useBackend();
  return useInfiniteQuery({
    queryKey: [INPUTS, "pages", state ?? "all"],
    initialPageParam: null as number | null,
    queryFn: ({ pageParam }) =>
      answerOf(
        api.GET("/api/inputs", {
          params: { query: { ...(state && { state }), ...(pageParam !== null && { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next }) => (next === null ? null : Number(next)),
    placeholderData: keepPreviousData,
  });
}

export function usePutAsideCount() {
  const { api } = useBackend();
  return useQuery({
    queryKey: [INPUTS, "put-aside"],
    queryFn: () => answerOf(api.GET("/api/quarantine", { params: { query: { limit: 1 } } })),
    select: ({ total }) => total,
  });
}

/** With `isDry` only what would change is told. */
export function useRetract(id: string, to: "retracted" | "merged", isDry: boolean) {
  const { api } = useBackend();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      answerOf(
        api.POST("/api/inputs/{item_id}/retract", {
          params: { path: { item_id: id } },
          body: { to, whole_file: false, dry_run: isDry },
        }),
      ),
    onSuccess: async () => {
      if (isDry) return;
      await queries.invalidateQueries({ queryKey: [DATASETS] });
      await queries.invalidateQueries({ queryKey: [INPUTS] });
    },
  });
}

export function useRelease(id: string) {
  const { api } = useBackend();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      answerOf(api.POST("/api/inputs/{item_id}/release", { params: { path: { item_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: [INPUTS] }),
  });
}
