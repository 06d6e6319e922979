/** A run: how it went, what it did with each row, and what was different before it. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { ComparisonTable } from "../features/run-details/comparison-table";
import { RunBalance } from "../features/run-details/run-balance";
import { RunEvents } from "../features/run-details/run-events";
import { RunFiles } from "../features/run-details/run-files";
import { RunHeadline } from "../features/run-details/run-headline";
import { StageBars } from "../features/run-details/stage-bars";
import { useRefreshRun, useRun } from "../features/run-details/use-run";
import { PageTitle } from "../shell/page-title";
import { Panel } from "../ui/panel";
import { ProblemNote } from "../ui/problem-note";
import { Moment } from "../ui/time";

const route = getRouteApi("/runs/$runId");

export function RunPage() {
  useRefreshRun();
  const { runId } = route.useParams();
  const { run, error } = useRun(runId);
  return (
    <>
      <PageTitle
        title={
          run ? (
            <>
              Run of <Moment at={run.started_at} />
            </>
          ) : (
            "Run"
          )
        }
        above={
          <Link to="/runs" className="text-accent underline">
            Runs
          </Link>
        }
        aside={<code className="text-xs break-all text-muted">{runId}</code>}
      />
      {error && <ProblemNote error={error} />}
      {!run && !error && <p className="py-16 text-center text-muted">Reading the run…</p>}
      {run && (
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
            <RunFiles runId={runId} />
          </div>
          <div className="mt-6">
            <RunEvents runId={runId} />
          </div>
        </>
      )}
    </>
  );
}
