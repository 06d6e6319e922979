/** What is asked of one file. Keys begin as those of the files: the same events renew them. */
import { useQuery } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import type { ProfilePart } from "../../api/types";
import { useBackend } from "../../backend";
import { INPUTS } from "../export-panel/use-lake";

const MOST_EVENTS = 200;

export function useInput(id: string) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [INPUTS, "one", id],
    queryFn: () => answerOf(api.GET("/api/inputs/{item_id}", { params: { path: { item_id: id } } })),
    retry: false,
  });
}

/** Of the rows as they were translated: made when it is asked. */
export function useInputProfile(id: string, isWanted: boolean) {
  const { api } = useBackend();
  return useQuery({
    queryKey: [INPUTS, "one", id, "profile"],
    queryFn: async () => {
      const told = await answerOf(
        api.GET("/api/inputs/{item_id}/profile", { params: { path: { item_id: id } } }),
      );
      return told as unknown as ProfilePart;
    },
    enabled: isWanted,
    retry: false,
  });
}

/** The newest events whose message names the file, oldest first. */
export function useEventsNaming(name: string) {
  const { api } = useBackend();
  // Longer texts are not searched for; its end tells a file apart.
  const q = name.slice(-200);
  return useQuery({
    queryKey: [INPUTS, "events", q],
    queryFn: async () => {
      const query = { q, order: "desc", limit: MOST_EVENTS } as const;
      const { items } = await answerOf(api.GET("/api/events", { params: { query } }));
      return items.toReversed();
    },
  });
}
