/** The merged tables, one a line. */
import { Link } from "@tanstack/react-router";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { useDatasets } from "../export-panel/use-lake";
import { DatasetTable } from "./dataset-table";

export function TablesPanel() {
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
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Looking at the tables…</p>}
      {data && <DatasetTable items={data.items} />}
    </Panel>
  );
}
