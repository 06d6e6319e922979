/** The files that a run translated or merged, as they stand now. */

import { counted, number } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { ScrollRegion } from "../../ui/scroll-region";
import { InputRow } from "../export-panel/inputs";
import { useFilesOf } from "./use-run";

export function RunFiles({ runId }: { runId: string }) {
  const { data, error, isPending } = useFilesOf(runId);
  const items = data?.items ?? [];
  return (
    <Panel
      title="Files"
      testId="run-files"
      aside={
        <span className="text-sm text-muted">
          {data?.next ? `the newest ${number(items.length)}` : data && counted(items.length, "file")}
        </span>
      }
    >
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-6 text-sm text-muted">Looking at the files…</p>}
      {data && items.length === 0 && (
        <p className="px-5 py-6 text-sm text-muted">
          No file was new to this run, or later versions took their place.
        </p>
      )}
      {items.length > 0 && (
        <ScrollRegion label="List of the run's files" className="max-h-96">
          <ul className="px-5 py-2">
            {items.map((item) => (
              <InputRow key={item.id} item={item} />
            ))}
          </ul>
        </ScrollRegion>
      )}
    </Panel>
  );
}
