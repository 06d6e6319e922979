/** Every event as it comes. */
import { useMemo, useState } from "react";
import type { EventRecord } from "../../api/types";
import { useSampledEvents } from "../../live/use-sampled-events";
import { number } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { Panel } from "../../ui/panel";
import { EventList } from "./event-list";
import { type Filter, filtered } from "./event-view";
import { FilterBar } from "./filter-bar";

export function EventsLog() {
  const live = useSampledEvents();
  const [filter, setFilter] = useState<Filter>({ scope: "activity", stage: null, text: "" });
  // While somebody reads, the list stands still; null means that it follows.
  const [paused, setPaused] = useState<readonly EventRecord[] | null>(null);

  const events = paused ?? live;
  const shown = useMemo(() => filtered(events, filter), [events, filter]);
  const stages = useMemo(() => [...new Set(events.map(({ stage }) => stage))].sort(), [events]);
  const waiting = useMemo(
    () =>
      paused
        ? filtered(live.slice(live.findLastIndex(({ seq }) => seq <= (paused.at(-1)?.seq ?? 0)) + 1), filter)
            .length
        : 0,
    [live, paused, filter],
  );

  return (
    <Panel
      title="Events"
      testId="events-log"
      className="flex flex-col"
      aside={<FilterBar filter={filter} stages={stages} onChange={setFilter} />}
    >
      <div className="relative min-h-120 flex-1">
        {shown.length === 0 ? (
          <Nothing hidden={events.length} filter={filter} onClear={setFilter} />
        ) : (
          <EventList
            events={shown}
            isFollowing={paused === null}
            onFollow={(isFollowing) => setPaused((held) => (isFollowing ? null : (held ?? live)))}
          />
        )}
        {paused && (
          <button
            type="button"
            onClick={() => setPaused(null)}
            className="absolute bottom-3 left-1/2 inline-flex -translate-x-1/2 items-center gap-2 rounded-full bg-ink px-4 py-1.5 text-sm font-medium text-paper shadow-lg shadow-ink/20"
          >
            <Icon name="down" /> {waiting > 0 ? `${number(waiting)} new, follow` : "Follow"}
          </button>
        )}
      </div>
      <p className="border-t border-line px-5 py-2 text-xs text-muted">
        {number(shown.length)} of {number(events.length)} events
        {filter.scope === "activity" && ", without progress, heartbeats and state"}
        {paused && " · paused"}
      </p>
    </Panel>
  );
}

const EVERYTHING: Filter = { scope: "all", stage: null, text: "" };

const Nothing = ({
  hidden,
  filter,
  onClear,
}: {
  hidden: number;
  filter: Filter;
  onClear: (filter: Filter) => void;
}) => (
  <div className="absolute inset-0 flex flex-col items-center justify-center gap-2 px-6 text-center text-muted">
    {hidden === 0 ? (
      <p>Nothing has happened yet.</p>
    ) : (
      <>
        <p>{filter.scope === "problems" && !filter.text ? "No problems." : "No event passes the filter."}</p>
        <button type="button" className="text-sm text-accent underline" onClick={() => onClear(EVERYTHING)}>
          Show everything
        </button>
      </>
    )}
  </div>
);
