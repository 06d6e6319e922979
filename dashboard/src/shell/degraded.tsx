/** What keeps the server from its work, each by name, as it says it; nothing where nothing does. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { EventRecord } from "../api/types";
import { useBackend, useLive } from "../backend";
import { useRefreshOn } from "../live/use-refresh-on";
import { titled } from "../ui/format";
import { Icon } from "../ui/icon";

const READINESS = "readiness";

/** The server's own watchers tell by an event whatever begins or ends. */
const tellsOfHealth = ({ stage, event }: EventRecord): boolean =>
  stage === "watchdog" ||
  (stage === "scheduler" && event !== "skipped") ||
  event === "error" ||
  event === "state";

/** By name what is wrong. */
function useProblems(): [string, string][] {
  const { api } = useBackend();
  const queries = useQueryClient();
  const isLive = useLive((live) => live.connection.phase === "live");
  const { data } = useQuery({
    queryKey: [READINESS],
    // A server that is not ready says so by 503, with the same body.
    queryFn: async () => {
      const { data: ready, error: degraded } = await api.GET("/readyz");
      if (ready) return ready.checks;
      return degraded && "checks" in degraded ? degraded.checks : {};
    },
    enabled: isLive,
  });
  useEffect(() => {
    if (isLive) void queries.invalidateQueries({ queryKey: [READINESS] });
  }, [isLive, queries]);
  useRefreshOn(tellsOfHealth, [READINESS]);
  return Object.entries(data ?? {}).filter(([, said]) => said !== "ok");
}

export const Degraded = () =>
  useProblems().map(([name, said]) => (
    <p key={name} data-testid="degraded" className="flex gap-2 rounded-lg bg-warn/10 px-4 py-2 text-warn">
      <Icon name="warning" className="mt-1" />
      <span className="min-w-0">
        <strong className="font-semibold">{titled(name)}:</strong> {said}
      </span>
    </p>
  ));
