/** One analysis: what is declared, how its last run went, the rows of its result and their versions. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { Definition } from "../features/analyses/definition";
import { useAnalyses } from "../features/analyses/use-analyses";
import type { DatasetSearch } from "../features/dataset/dataset-search";
import { HistoryPart } from "../features/dataset/history-part";
import { RowsPart } from "../features/dataset/rows-part";
import { useDataset } from "../features/dataset/use-dataset";
import { useRefreshOnEvents } from "../features/export-panel/use-lake";
import { PageTitle } from "../shell/page-title";
import { NotAnswered } from "../ui/problem-note";

const route = getRouteApi("/analyses/$name");

export function AnalysisPage() {
  useRefreshOnEvents();
  const { name } = route.useParams();
  const { data, error } = useAnalyses();
  const analysis = data?.items.find((one) => one.name === name);
  return (
    <>
      <PageTitle
        title={name}
        above={
          <Link to="/analyses" className="text-accent underline">
            Analyses
          </Link>
        }
        aside={
          analysis?.updated_at ? (
            <Link to="/data/$name" params={{ name }} className="text-sm text-accent underline">
              Its table
            </Link>
          ) : undefined
        }
      />
      {error && <NotAnswered error={error} />}
      {!data && !error && <p className="py-16 text-center text-muted">Asking…</p>}
      {data && !analysis && (
        <p className="py-16 text-center text-muted">No analysis of that name is declared.</p>
      )}
      {analysis && (
        <div className="flex flex-col gap-6">
          <Definition analysis={analysis} />
          {analysis.updated_at ? (
            <Result name={name} />
          ) : (
            <p className="text-center text-sm text-muted">It has no result yet.</p>
          )}
        </div>
      )}
    </>
  );
}

function Result({ name }: { name: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data } = useDataset(name);
  return (
    <>
      <RowsPart
        name={name}
        search={search}
        onChange={(next: DatasetSearch) => navigate({ search: next, resetScroll: false })}
      />
      {data && <HistoryPart dataset={data} />}
    </>
  );
}
