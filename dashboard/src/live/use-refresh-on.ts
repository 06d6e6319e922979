/** Asks the server anew, once an event says that its answer is another one. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { EventRecord } from "../api/types";
import { useBackend } from "../backend";
import { onEvents } from "./store";

/** `changes` and `names` (each the first part of query keys) must be the same from one drawing to the next. */
export function useRefreshOn(changes: (event: EventRecord) => boolean, names: readonly string[]): void {
  const { live } = useBackend();
  const queries = useQueryClient();
  // Their words, not their array, say whether they are others.
  const joined = names.join();
  useEffect(
    () =>
      onEvents(live, (fresh) => {
        if (!fresh.some(changes)) return;
        for (const name of joined.split(",")) void queries.invalidateQueries({ queryKey: [name] });
      }),
    [live, queries, changes, joined],
  );
}
