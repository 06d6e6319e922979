/** What is declared of an analysis, and what is wrong with it. */
import { Link } from "@tanstack/react-router";
import type { Analysis } from "../../api/types";
import { Panel } from "../../ui/panel";
import { ScrollRegion } from "../../ui/scroll-region";
import { Ago } from "../../ui/time";
import { useRun } from "../run-details/use-run";
import { Outcome } from "./outcome";

export function Definition({ analysis }: { analysis: Analysis }) {
  const { sql, declared, last, error, reads, mode } = analysis;
  const problem = error ?? last?.message;
  return (
    <Panel title="Definition" testId="definition" aside={<Outcome analysis={analysis} />}>
      {problem && (
        <p role="alert" className="mx-5 mt-4 rounded-lg bg-bad/10 px-3 py-2 text-sm text-bad">
          {problem}
        </p>
      )}
      <p className="px-5 pt-4 text-sm text-muted">
        {mode}; it reads {reads.join(", ") || "nothing"}
        {last && <LastRun runId={last.run_id} at={last.at} />}
      </p>
      <ScrollRegion label={sql ? "Its SQL" : "Its settings"} className="m-5 rounded-lg bg-sunken">
        <pre className="p-4 font-mono text-xs leading-5">
          {sql?.trim() ?? JSON.stringify(declared, null, 2)}
        </pre>
      </ScrollRegion>
      {sql && Object.keys(declared).length > 0 && (
        <ScrollRegion label="Its other settings" className="mx-5 mb-5 rounded-lg bg-sunken">
          <pre className="p-4 font-mono text-xs leading-5">{JSON.stringify(declared, null, 2)}</pre>
        </ScrollRegion>
      )}
    </Panel>
  );
}

function LastRun({ runId, at }: { runId: string; at: string }) {
  const { run } = useRun(runId);
  return (
    <>
      ; last in{" "}
      <Link to="/runs/$runId" params={{ runId }} className="break-all text-accent underline">
        {runId}
      </Link>{" "}
      <Ago at={at} />
      {run?.window && `, for ${run.window.start} to ${run.window.end}`}
    </>
  );
}
