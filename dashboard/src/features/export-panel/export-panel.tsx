/** What came in and what can be taken out. */
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { Datasets } from "./datasets";
import { Inputs } from "./inputs";
import { useDatasets, useInputs, useRefreshOnEvents } from "./use-lake";

export function ExportPanel() {
  useRefreshOnEvents();
  const inputs = useInputs();
  const datasets = useDatasets();
  const error = inputs.error ?? datasets.error;
  return (
    <Panel title="Data" testId="export-panel">
      <PanelProblem error={error} />
      {inputs.data && <Inputs items={inputs.data.items} summary={inputs.data.summary} />}
      {datasets.data && <Datasets items={datasets.data.items} />}
      {inputs.isPending && (
        <p className="px-5 py-10 text-center text-sm text-muted">Looking at the folders…</p>
      )}
    </Panel>
  );
}
