/** Raw files a page at a time, and how many records are put aside. Keys begin as those of the panel: the same events renew them. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { useBackend } from "../../backend";
import { INPUTS } from "../export-panel/use-lake";
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
