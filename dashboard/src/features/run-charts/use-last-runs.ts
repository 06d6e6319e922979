/** The last 96 runs, a day of them, newest first. */
import { useQuery } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { useBackend } from "../../backend";
import { SLOTS } from "./value-bars";

export function useLastRuns() {
  const { api } = useBackend();
  return useQuery({
    queryKey: ["runs", "last"],
    queryFn: () => answerOf(api.GET("/api/runs", { params: { query: { limit: SLOTS } } })),
  });
}
