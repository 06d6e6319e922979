/** The channels of alerts, asked for again when an event tells of one. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import type { EventRecord } from "../../api/types";
import { useBackend } from "../../backend";
import { useRefreshOn } from "../../live/use-refresh-on";

const ALERTS = "alerts";

// A dead man's switch is told of by its host.
const tellsOfOne = ({ stage, data }: EventRecord) =>
  stage === "watchdog" && (data.alert !== undefined || data.host !== undefined);

export function useAlerts() {
  const { api } = useBackend();
  useRefreshOn(tellsOfOne, [ALERTS]);
  return useQuery({ queryKey: [ALERTS], queryFn: () => answerOf(api.GET("/api/alerts")) });
}

export function useAlertTest(name: string) {
  const { api } = useBackend();
  return useMutation({
    mutationFn: () => answerOf(api.POST("/api/alerts/{name}/test", { params: { path: { name } } })),
  });
}
