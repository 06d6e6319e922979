/** The tokens that open the server, asked for again when an event tells of one. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { onServer } from "../../api/root-path";
import type { EventRecord, Role } from "../../api/types";
import { useBackend } from "../../backend";
import { useRefreshOn } from "../../live/use-refresh-on";

const TOKENS = "tokens";

const tellsOfOne = ({ stage, data }: EventRecord) => stage === "pipeline" && typeof data.token === "string";

export function useTokens() {
  const { api } = useBackend();
  useRefreshOn(tellsOfOne, [TOKENS]);
  return useQuery({ queryKey: [TOKENS], queryFn: () => answerOf(api.GET("/api/tokens")) });
}

export function useMakeToken() {
  const { api } = useBackend();
  return useMutation({
    mutationFn: (body: { name: string; role: Role }) => answerOf(api.POST("/api/tokens", { body })),
    // Its text is to be forgotten with the panel that shows it.
    gcTime: 0,
  });
}

export function useRevokeToken() {
  const { api } = useBackend();
  return useMutation({
    mutationFn: (id: string) =>
      answerOf(api.DELETE("/api/tokens/{token_id}", { params: { path: { token_id: id } } })),
    onSuccess: ({ is_own }) => {
      if (is_own) window.location.assign(onServer("/login"));
    },
  });
}
