/** A run: how it went, what it did with each row, and what was different before it. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { RunParts } from "../features/run-details/run-parts";
import { useRefreshRun, useRun } from "../features/run-details/use-run";
import { PageTitle } from "../shell/page-title";
import { NotAnswered } from "../ui/problem-note";
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
      {error && <NotAnswered error={error} />}
      {!run && !error && <p className="py-16 text-center text-muted">Reading the run…</p>}
      {run && <RunParts run={run} />}
    </>
  );
}
