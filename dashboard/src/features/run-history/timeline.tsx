/** The history as a picture: when each run and its stages were at work. */
import { Button } from "../../ui/button";
import { moment, titled } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { NotAnswered } from "../../ui/problem-note";
import { Segments } from "../../ui/segments";
import { useNow } from "../../ui/use-now";
import { lanesOf } from "./lanes";
import { LanesView } from "./lanes-view";
import { FIRST_ZOOM, frameOf, moved, type RunsSearch, readRunsSearch, ZOOMS } from "./runs-search";
import { useTimeline } from "./use-history";

interface Props {
  search: RunsSearch;
  onSearch: (search: RunsSearch) => void;
}

export function Timeline({ search, onSearch }: Props) {
  const nowMs = useNow();
  const zoom = search.zoom ?? FIRST_ZOOM;
  const frame = frameOf(search, nowMs);
  const { data, error, isPending } = useTimeline(frame);
  const isAtNow = search.until === undefined;
  const iso = (ms: number): string => moment(new Date(ms).toISOString(), nowMs);
  return (
    <Panel
      title="Timeline"
      testId="timeline"
      aside={
        <div className="flex flex-1 flex-wrap items-center gap-2 sm:justify-end">
          <Segments
            legend="Span of time"
            options={ZOOMS.map((value) => ({ value, label: titled(value) }))}
            value={zoom}
            onChange={(chosen) => onSearch(readRunsSearch({ ...search, zoom: chosen }))}
          />
          <Button onPress={() => onSearch(moved(search, -1, nowMs))}>Earlier</Button>
          <Button
            unavailable={isAtNow ? "It shows the newest already" : null}
            onPress={() => onSearch(moved(search, 1, nowMs))}
          >
            Later
          </Button>
        </div>
      }
    >
      <div className="px-5 py-4">
        <p className="mb-3 text-sm text-muted">
          {iso(frame.fromMs)} to {isAtNow ? "now" : iso(frame.toMs)}
          {data?.next &&
            ` · only the newest ${data.items.length} runs of it are shown: choose a shorter span`}
        </p>
        {error && <NotAnswered error={error} />}
        {isPending && <p className="py-10 text-center text-sm text-muted">Reading the history…</p>}
        {data && (
          <LanesView
            lanes={lanesOf(data.items, frame, nowMs)}
            frame={frame}
            zoom={zoom}
            search={search}
            onSearch={onSearch}
          />
        )}
      </div>
    </Panel>
  );
}
