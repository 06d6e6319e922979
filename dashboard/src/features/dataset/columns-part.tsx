/** The columns: types, and what the last profile tells of the values. */
import type { Dataset } from "../../api/types";
import { counted } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { Ago } from "../../ui/time";
import { ColumnTable } from "./column-table";
import { useProfile } from "./use-dataset";

export function ColumnsPart({ dataset }: { dataset: Dataset }) {
  const { data, error, isPending } = useProfile(dataset.name);
  return (
    <Panel
      title={counted(dataset.columns.length, "column")}
      aside={
        <p className="text-sm text-muted">
          {isPending && "Reading the profile…"}
          {data && (
            <>
              profiled <Ago at={data.generated_at} /> over {counted(data.whole.rows, "row")}
            </>
          )}
        </p>
      }
    >
      <PanelProblem error={error} />
      <ColumnTable
        caption={`Columns of ${dataset.name}`}
        columns={dataset.columns}
        keys={dataset.keys}
        facts={data?.whole.columns}
      />
    </Panel>
  );
}
