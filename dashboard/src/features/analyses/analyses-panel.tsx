/** The analyses that are declared, one a line. */
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { AnalysisTable } from "./analysis-table";
import { useAnalyses } from "./use-analyses";

export function AnalysesPanel() {
  const { data, error, isPending } = useAnalyses();
  return (
    <Panel title="Declared" testId="analyses">
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Asking…</p>}
      {data && <AnalysisTable items={data.items} />}
    </Panel>
  );
}
