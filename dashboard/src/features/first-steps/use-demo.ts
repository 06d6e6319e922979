/** The demo's files, put into the server's folder for who has none of their own at hand. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { useBackend } from "../../backend";
import { INPUTS } from "../export-panel/use-lake";

export function useLoadDemo() {
  const { api } = useBackend();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answerOf(api.POST("/api/demo")),
    // Also where it was refused: somebody else's files are there then.
    onSettled: () => queries.invalidateQueries({ queryKey: [INPUTS] }),
  });
}
