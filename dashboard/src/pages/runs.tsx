/** Runs: what happened, when, and what comes next. */
import { getRouteApi } from "@tanstack/react-router";
import { MarksCalendar } from "../features/run-history/marks-calendar";
import { NextMarks } from "../features/run-history/next-marks";
import { RunsPanel } from "../features/run-history/runs-panel";
import { type RunsSearch, readRunsSearch } from "../features/run-history/runs-search";
import { Timeline } from "../features/run-history/timeline";
import { useRefreshHistory } from "../features/run-history/use-history";
import { PageTitle } from "../shell/page-title";

const route = getRouteApi("/runs");

export function RunsPage() {
  useRefreshHistory();
  // The router hands on what the reading left out.
  const search = readRunsSearch(route.useSearch());
  const navigate = route.useNavigate();
  const onSearch = (next: RunsSearch): void => void navigate({ search: next, resetScroll: false });
  return (
    <>
      <PageTitle title="Runs" />
      <div className="flex flex-col gap-6">
        <Timeline search={search} onSearch={onSearch} />
        <MarksCalendar search={search} />
        <NextMarks />
        <RunsPanel search={search} onSearch={onSearch} />
      </div>
    </>
  );
}
