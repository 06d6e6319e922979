/** The profile of the file's rows by themselves: made by the server when somebody asks for it. */
import { useState } from "react";
import type { InputDetail } from "../../api/types";
import { useNotLive } from "../../backend";
import { Button } from "../../ui/button";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { ColumnTable } from "../dataset/column-table";
import { useInputProfile } from "./use-input";

export function InputProfile({ input: { id, name, rows } }: { input: InputDetail }) {
  const [isWanted, setIsWanted] = useState(false);
  const notLive = useNotLive();
  const { data, error, isFetching } = useInputProfile(id ?? name, isWanted);
  const columns = Object.entries(data?.columns ?? {}).map(([column, { type }]) => ({ name: column, type }));
  return (
    <Panel title="Its rows by themselves" testId="input-profile">
      <PanelProblem error={error} />
      {!data && !error && (
        <div className="px-5 py-4">
          <Button
            onPress={() => setIsWanted(true)}
            unavailable={isFetching ? "It is being made" : rows ? notLive : "There are no rows of it"}
          >
            {isFetching ? "Making the profile…" : "Make the profile"}
          </Button>
        </div>
      )}
      {data && (
        <ColumnTable caption={`Columns of ${name}`} columns={columns} keys={[]} facts={data.columns} />
      )}
    </Panel>
  );
}
