/** What a run told, its log lines among it. */
import { useMemo, useState } from "react";
import { number } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { EventList } from "../events-log/event-list";
import { type Filter, filtered } from "../events-log/event-view";
import { FilterBar } from "../events-log/filter-bar";
import { useEventsOf } from "./use-run";

export function RunEvents({ runId }: { runId: string }) {
  const { data, error, isPending } = useEventsOf(runId);
  const [filter, setFilter] = useState<Filter>({ scope: "activity", stage: null, text: "" });
  const events = data?.events ?? [];
  const shown = useMemo(() => filtered(data?.events ?? [], filter), [data, filter]);
  const stages = useMemo(() => [...new Set(data?.events.map(({ stage }) => stage))].sort(), [data]);
  return (
    <Panel
      title="Events and log lines"
      testId="run-events"
      aside={<FilterBar filter={filter} stages={stages} onChange={setFilter} />}
    >
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-6 text-sm text-muted">Reading the events…</p>}
      {data && (
        <>
          <div className="relative h-96">
            {shown.length > 0 ? (
              <EventList events={shown} isFollowing={false} onFollow={() => {}} />
            ) : (
              <p className="pt-16 text-center text-sm text-muted">
                {filter.scope === "problems" && !filter.text ? "No problems." : "No event passes the filter."}
              </p>
            )}
          </div>
          <p className="border-t border-line px-5 py-2 text-xs text-muted">
            {number(shown.length)} of {number(events.length)} events
            {filter.scope === "activity" && ", without progress, heartbeats and state"}
            {!data.isWhole && ": the run told more than these"}
          </p>
        </>
      )}
    </Panel>
  );
}
