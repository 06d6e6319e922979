/** Analyses: queries whose results are tables of their own. */
import { Link } from "@tanstack/react-router";
import { AnalysisTable } from "../features/analyses/analysis-table";
import { useAnalyses } from "../features/analyses/use-analyses";
import { useRefreshOnEvents } from "../features/export-panel/use-lake";
import { PageTitle } from "../shell/page-title";
import { Panel } from "../ui/panel";
import { ProblemNote } from "../ui/problem-note";

export function AnalysesPage() {
  useRefreshOnEvents();
  const { data, error, isPending } = useAnalyses();
  return (
    <>
      <PageTitle
        title="Analyses"
        above={
          <Link to="/data" className="text-accent underline">
            Data
          </Link>
        }
      />
      <Panel title="Declared" testId="analyses">
        {error && (
          <div className="p-5">
            <ProblemNote error={error} />
          </div>
        )}
        {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Asking…</p>}
        {data && <AnalysisTable items={data.items} />}
      </Panel>
    </>
  );
}
