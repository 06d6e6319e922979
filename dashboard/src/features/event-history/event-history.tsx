/** The log of all time with its filters, followed live or held while somebody reads. */
import { useMemo, useState } from "react";
import { useLive } from "../../backend";
import { useSampledEvents } from "../../live/use-sampled-events";
import { Button } from "../../ui/button";
import { counted, number } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { ProblemNote } from "../../ui/problem-note";
import { DownloadButton } from "./download-button";
import type { EventsFilter, EventsSearch } from "./events-search";
import { LogFilters } from "./log-filters";
import { LogList } from "./log-list";
import { NEWER_IN_SIGHT, useLog, useShown } from "./use-log";

interface Props {
  search: EventsSearch;
  onSearch: (search: EventsSearch) => void;
}

export function EventHistory({ search, onSearch }: Props) {
  const { seq, ...filter } = search;
  const live = useSampledEvents();
  const run = useLive(({ status }) => status?.run ?? status?.last_run);
  const stages = useMemo(() => {
    const ofRun = run?.stages.map(({ name }) => name) ?? [];
    return [...new Set([...ofRun, ...live.map(({ stage }) => stage)])].sort();
  }, [run, live]);
  return (
    <Panel
      title="Log"
      testId="log"
      aside={<LogFilters filter={filter} stages={stages} onChange={onSearch} />}
    >
      <Log key={JSON.stringify(search)} search={search} filter={filter} onSearch={onSearch} />
    </Panel>
  );
}

interface LogProps extends Props {
  filter: EventsFilter;
}

/** One question's answer; another question is another list, of which nothing is open or held. */
function Log({ search, filter: asked, onSearch }: LogProps) {
  // The same object as long as the list stands: what is derived from it is not derived anew.
  const [filter] = useState(asked);
  const { seq } = search;
  const [heldSeq, setHeldSeq] = useState<number | null>(seq === undefined ? null : seq + NEWER_IN_SIGHT);
  const { log, reset } = useLog(search);
  const { shown, waiting } = useShown(log.data, filter, heldSeq, reset);
  const hasNewer = log.hasPreviousPage;
  const isHeld = heldSeq !== null || hasNewer;
  const newest = shown[0]?.seq ?? 0;
  const isFiltered = Object.keys(filter).length > 0;

  const hold = (isFollowing: boolean): void => {
    if (!hasNewer) setHeldSeq((held) => (isFollowing ? null : (held ?? newest)));
  };
  const isMissing = seq !== undefined && log.data && !shown.some((event) => event.seq === seq);
  return (
    <>
      {log.error && (
        <div className="p-5">
          <ProblemNote error={log.error} />
          <p className="mt-3">
            <Button onPress={() => void (log.data ? log.fetchNextPage() : log.refetch())}>Ask again</Button>
          </p>
        </div>
      )}
      {isMissing && (
        <p role="alert" className="border-b border-line px-5 py-2 text-sm text-warn">
          {isFiltered
            ? `Event ${number(seq)} does not pass the filter.`
            : `There is no event ${number(seq)}: these are the ones around it.`}
        </p>
      )}
      <div className="relative h-[max(20rem,calc(100dvh-22rem))]">
        {log.isPending && <Note>Reading the log…</Note>}
        {log.data && shown.length === 0 && (
          <Note>{isFiltered ? "No event passes the filter." : "Nothing has happened yet."}</Note>
        )}
        {shown.length > 0 && (
          <LogList
            events={shown}
            markedSeq={seq}
            isFollowing={!isHeld}
            onFollow={hold}
            onOlder={
              log.hasNextPage && !log.isFetching && !log.isError ? () => void log.fetchNextPage() : null
            }
          />
        )}
      </div>
      <div className="flex flex-wrap items-center gap-3 border-t border-line px-5 py-2.5">
        {hasNewer ? (
          <>
            <Button
              onPress={() => void log.fetchPreviousPage()}
              unavailable={log.isFetching ? "Asking…" : null}
            >
              Show newer
            </Button>
            <Button onPress={() => onSearch(filter)}>Go to the newest</Button>
          </>
        ) : (
          <Button onPress={() => hold(isHeld)}>
            {!isHeld ? "Pause" : waiting > 0 ? `Follow, ${number(waiting)} new` : "Follow"}
          </Button>
        )}
        {isFiltered && <Button onPress={() => onSearch({})}>Clear the filter</Button>}
        <DownloadButton filter={filter} />
        <p className="text-xs text-muted sm:ml-auto">
          {counted(shown.length, "event")} read
          {log.hasNextPage ? "; older ones follow as you scroll" : ", no older ones"}
          {isHeld ? " · paused" : " · live"}
        </p>
      </div>
    </>
  );
}

const Note = ({ children }: { children: string }) => (
  <p className="absolute inset-x-0 top-1/3 px-6 text-center text-sm text-muted">{children}</p>
);
