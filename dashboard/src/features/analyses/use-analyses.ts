/** The declared analyses. The key begins as the tables' do: the same events renew them. */
import { useQuery } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { useBackend } from "../../backend";
import { DATASETS } from "../export-panel/use-lake";

export function useAnalyses() {
  const { api } = useBackend();
  return useQuery({
    // A table has no name that begins so.
    queryKey: [DATASETS, "/analyses"],
    queryFn: () => answerOf(api.GET("/api/analyses")),
  });
}
