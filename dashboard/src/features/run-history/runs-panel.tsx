/** The history as a table. */
import { Button } from "../../ui/button";
import { counted, number } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { RunFilters } from "./run-filters";
import type { RunsSearch } from "./runs-search";
import { RunsTable } from "./runs-table";
import { useRuns } from "./use-history";

interface Props {
  search: RunsSearch;
  onSearch: (search: RunsSearch) => void;
}

export function RunsPanel({ search, onSearch }: Props) {
  const { state, trigger, ...place } = search;
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useRuns(search);
  const runs = data?.pages.flatMap(({ items }) => items) ?? [];
  const total = data?.pages[0]?.total ?? null;
  const isFiltered = state !== undefined || trigger !== undefined;
  return (
    <Panel
      title="History"
      testId="runs"
      aside={
        <RunFilters
          search={search}
          onChange={(chosen) =>
            onSearch({
              ...place,
              ...(chosen.state && { state: chosen.state }),
              ...(chosen.trigger && { trigger: chosen.trigger }),
            })
          }
        />
      }
    >
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Reading the history…</p>}
      {data && runs.length === 0 && (
        <p className="px-5 py-10 text-center text-sm text-muted">
          {isFiltered
            ? "No run passes the filter. "
            : "No run yet. The first comes at the next mark, or when you press Start."}
          {isFiltered && (
            <button type="button" className="text-accent underline" onClick={() => onSearch(place)}>
              Show all runs
            </button>
          )}
        </p>
      )}
      {runs.length > 0 && <RunsTable runs={runs} />}
      {runs.length > 0 && (
        <div className="flex flex-wrap items-center gap-4 border-t border-line px-5 py-3">
          <p className="text-xs text-muted">
            {total === null
              ? `${counted(runs.length, "run")} shown`
              : `${number(runs.length)} of ${counted(total, "run")}`}
          </p>
          {hasNextPage && (
            <Button
              unavailable={isFetchingNextPage ? "They are being read" : null}
              onPress={() => void fetchNextPage()}
            >
              Show older runs
            </Button>
          )}
        </div>
      )}
    </Panel>
  );
}
