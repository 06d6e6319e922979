/** Analyses: queries whose results are tables of their own. */
import { Link } from "@tanstack/react-router";
import { AnalysesPanel } from "../features/analyses/analyses-panel";
import { useRefreshOnEvents } from "../features/export-panel/use-lake";
import { PageTitle } from "../shell/page-title";

export function AnalysesPage() {
  useRefreshOnEvents();
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
      <AnalysesPanel />
    </>
  );
}
