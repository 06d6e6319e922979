/** The log of all time with its filters, followed live or held while somebody reads. */
import { useCallback, useMemo, useRef, useState } from "react";
import { useLive } from "../../backend";
import { useSampledEvents } from "../../live/use-sampled-events";
import { Button } from "../../ui/button";
import { number } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { DownloadButton } from "./download-button";
import type { EventsFilter, EventsSearch } from "./events-search";
import { LogFilters } from "./log-filters";
import { LogList, placeOf, type Shown } from "./log-list";
import { useCame } from "./use-came";
import { useLogIndex } from "./use-log";
import { useRows } from "./use-rows";

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
  const list = useRef<{ toTop: () => void }>(null);
  const [shown, setShown] = useState<Shown>({ first: 0, last: 0 });
  const isLive = useLive((live) => live.connection.phase === "live");
  const index = useLogIndex(filter);
  const came = useCame(filter, index.through, seq !== undefined, index.renew);
  const log = useRows(filter, index, came.shown, shown, seq);
  const isFiltered = Object.keys(filter).length > 0;
  const isCounting = !index.isWhole && (index.through > 0 || !isLive);
  const isMissing = seq !== undefined && log.markedRow !== null && log.eventAt(log.markedRow)?.seq !== seq;

  const { hold, follow } = came;
  const onTop = useCallback((isAtTop: boolean) => (isAtTop ? follow() : hold()), [hold, follow]);
  const toNewest = () => {
    if (seq !== undefined) return onSearch(filter);
    follow();
    list.current?.toTop();
  };
  return (
    <>
      {log.problem && <PanelProblem error={log.problem.error} onAgain={log.problem.askAgain} />}
      {isMissing && (
        <p role="alert" className="border-b border-line px-5 py-2 text-sm text-warn">
          {isFiltered
            ? `Event ${number(seq)} does not pass the filter.`
            : `There is no event ${number(seq)}: these are the ones around it.`}
        </p>
      )}
      <div className="relative h-[max(20rem,calc(100dvh-22rem))]">
        {log.count === 0 && <Note>{noteOn(isCounting, log.problem !== null, isFiltered)}</Note>}
        {log.count > 0 && (
          <LogList
            ref={list}
            count={log.count}
            eventAt={log.eventAt}
            marked={{ seq, row: log.markedRow }}
            onShown={setShown}
            onTop={onTop}
          />
        )}
      </div>
      <div className="flex flex-wrap items-center gap-3 border-t border-line px-5 py-2.5">
        <Button onPress={came.isHeld ? toNewest : hold}>
          {!came.isHeld
            ? "Pause"
            : seq !== undefined
              ? "Go to the newest"
              : came.waiting > 0
                ? `Follow, ${number(came.waiting)} new`
                : "Follow"}
        </Button>
        {isFiltered && <Button onPress={() => onSearch({})}>Clear the filter</Button>}
        <DownloadButton filter={filter} />
        <p className="text-xs text-muted sm:ml-auto" data-testid="log-place">
          {placeOf(shown, log.count, !isCounting)}
          {!isLive ? " · not live" : came.isHeld ? " · paused" : " · live"}
        </p>
      </div>
    </>
  );
}

function noteOn(isCounting: boolean, hasProblem: boolean, isFiltered: boolean): string {
  if (hasProblem) return "";
  if (isCounting) return "Reading the log…";
  return isFiltered ? "No event passes the filter." : "Nothing has happened yet.";
}

const Note = ({ children }: { children: string }) => (
  <p className="absolute inset-x-0 top-1/3 px-6 text-center text-sm text-muted">{children}</p>
);
