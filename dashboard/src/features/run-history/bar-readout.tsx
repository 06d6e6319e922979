/** What the chosen bar of the timeline stands for. */
import { Link } from "@tanstack/react-router";
import type { RunSpan } from "../../api/types";
import { isActive } from "../../live/reducer";
import { counted, number, titled } from "../../ui/format";
import { ClockTime, Moment } from "../../ui/time";
import { Elapsed } from "../metrics-panel/stage-flow";
import { TRIGGERS } from "../metrics-panel/wording";
import { type Bar, tally } from "./lanes";
import { RunStateWord } from "./run-state";

interface Props {
  bar: Bar | null;
  isEmpty: boolean;
  /** Null where no shorter span is left. */
  onZoom: (() => void) | null;
}

export const BarReadout = ({ bar, isEmpty, onZoom }: Props) => {
  const [first] = bar?.runs ?? [];
  const last = bar?.runs.at(-1);
  return (
    <div className="mt-3 flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 border-t border-line pt-3 text-sm">
      {!bar || !first || !last ? (
        <span className="text-muted">
          {isEmpty
            ? "No run in this span of time."
            : "Point at a run, or walk through them with the arrow keys; Enter opens it."}
        </span>
      ) : bar.runs.length === 1 ? (
        <OneRun run={first} />
      ) : (
        <>
          <span className="font-medium">{counted(bar.runs.length, "run")}</span>
          {tally(bar.runs).map(([state, count]) => (
            <span key={state} className="inline-flex items-center gap-1">
              {number(count)} <RunStateWord state={state} />
            </span>
          ))}
          <span className="text-muted">
            <Moment at={first.started_at} /> to <Moment at={last.started_at} />
          </span>
          {!onZoom &&
            bar.runs.map((run) => (
              <Link
                key={run.run_id}
                to="/runs/$runId"
                params={{ runId: run.run_id }}
                className="text-accent underline"
              >
                <ClockTime at={run.started_at} />
              </Link>
            ))}
          {onZoom && (
            <button type="button" onClick={onZoom} className="text-accent underline">
              Zoom in
            </button>
          )}
        </>
      )}
    </div>
  );
};

const OneRun = ({ run }: { run: RunSpan }) => (
  <>
    <RunStateWord state={run.state} />
    <Link to="/runs/$runId" params={{ runId: run.run_id }} className="font-medium text-accent underline">
      Run of <Moment at={run.started_at} />
    </Link>
    <span className="text-muted">started {TRIGGERS[run.trigger]}</span>
    <Elapsed from={run.started_at} to={run.ended_at} isLive={isActive(run.state)} />
    {run.stages.map(
      (stage) =>
        stage.started_at && (
          <span key={stage.name} className="text-muted">
            {titled(stage.name)}{" "}
            <Elapsed from={stage.started_at} to={stage.ended_at} isLive={isActive(run.state)} />
            {stage.attempts > 1 && `, ${stage.attempts} attempts`}
          </span>
        ),
    )}
  </>
);
