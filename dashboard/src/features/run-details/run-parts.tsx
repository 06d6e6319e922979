/** All that is told of one run. */
import type { Run } from "../../api/types";
import { Panel } from "../../ui/panel";
import { ComparisonTable } from "./comparison-table";
import { RunBalance } from "./run-balance";
import { RunEvents } from "./run-events";
import { RunFiles } from "./run-files";
import { RunHeadline } from "./run-headline";
import { StageBars } from "./stage-bars";

export const RunParts = ({ run }: { run: Run }) => (
  <>
    <RunHeadline run={run} />
    <div className="grid items-start gap-6 xl:grid-cols-2">
      <Panel title="Stages" testId="stages">
        <div className="px-5 py-4">
          <StageBars run={run} />
        </div>
      </Panel>
      <RunBalance run={run} />
      <ComparisonTable run={run} />
      <RunFiles runId={run.run_id} />
    </div>
    <div className="mt-6">
      <RunEvents runId={run.run_id} />
    </div>
  </>
);
