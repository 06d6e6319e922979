/** Data: the merged tables, and the files that they came from. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { type DataSearch, type InputState, readDataSearch } from "../features/data-tables/data-search";
import { DatasetTable } from "../features/data-tables/dataset-table";
import { InputTable } from "../features/data-tables/input-table";
import { useInputPages, usePutAsideCount } from "../features/data-tables/use-inputs";
import { INPUT_STATES } from "../features/export-panel/inputs";
import { useDatasets, useRefreshOnEvents } from "../features/export-panel/use-lake";
import { PageTitle } from "../shell/page-title";
import { Button } from "../ui/button";
import { counted } from "../ui/format";
import { Panel } from "../ui/panel";
import { ProblemNote } from "../ui/problem-note";

const route = getRouteApi("/data");

export function DataPage() {
  useRefreshOnEvents();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageTitle title="Data" aside={<PutAside />} />
      <div className="flex flex-col gap-6">
        <Tables />
        <Files search={search} onChange={(next) => navigate({ search: next, replace: true })} />
      </div>
    </>
  );
}

function Tables() {
  const { data, error, isPending } = useDatasets();
  return (
    <Panel
      title="Merged tables"
      testId="tables"
      aside={
        <Link to="/analyses" className="ml-auto text-sm text-accent underline">
          Analyses
        </Link>
      }
    >
      {error && <Problem error={error} />}
      {isPending && <Loading />}
      {data && <DatasetTable items={data.items} />}
    </Panel>
  );
}

interface FilesProps {
  search: DataSearch;
  onChange: (search: DataSearch) => void;
}

function Files({ search, onChange }: FilesProps) {
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage } = useInputPages(
    search.state,
  );
  const filter = (
    <label className="ml-auto flex items-center gap-2 text-sm text-muted">
      State
      <select
        className="h-8 rounded-lg border border-line bg-surface px-2 text-ink"
        value={search.state ?? ""}
        onChange={({ target }) => onChange(readDataSearch({ state: target.value }))}
      >
        <option value="">all</option>
        {(Object.keys(INPUT_STATES) as InputState[]).map((state) => (
          <option key={state} value={state}>
            {INPUT_STATES[state].word}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel title="Files" testId="files" aside={filter}>
      {error && <Problem error={error} />}
      {isPending && <Loading />}
      {data && <InputTable items={data.pages.flatMap(({ items }) => items)} />}
      {hasNextPage && (
        <div className="border-t border-line px-5 py-3">
          <Button onPress={() => void fetchNextPage()} unavailable={isFetchingNextPage ? "Asking…" : null}>
            Show more
          </Button>
        </div>
      )}
    </Panel>
  );
}

function PutAside() {
  const { data } = usePutAsideCount();
  if (data === undefined || data === null) return null;
  return (
    <Link
      to="/quarantine"
      data-testid="put-aside"
      className={`text-sm underline ${data > 0 ? "text-warn" : "text-muted"}`}
    >
      {data > 0 ? `${counted(data, "record")} put aside` : "Nothing is put aside"}
    </Link>
  );
}

const Problem = ({ error }: { error: Error }) => (
  <div className="p-5">
    <ProblemNote error={error} />
  </div>
);

const Loading = () => <p className="px-5 py-10 text-center text-sm text-muted">Looking at the tables…</p>;
