/** The stages of a run on one axis of time: when each was at work, and in how many attempts. */
import type { Run, StageRun } from "../../api/types";
import { isActive } from "../../live/reducer";
import { clockSeconds, counted, titled } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { FILL_TONE, STAGE_ICON, STAGE_TONE, TEXT_TONE } from "../../ui/tone";
import { useNow } from "../../ui/use-now";
import { Elapsed } from "../metrics-panel/stage-flow";
import { reasonText } from "../metrics-panel/wording";

export function StageBars({ run }: { run: Run }) {
  const nowMs = useNow();
  const fromMs = Date.parse(run.started_at);
  const toMs = Math.max(fromMs + 1, run.ended_at ? Date.parse(run.ended_at) : nowMs);
  const isLive = isActive(run.state);
  return (
    <>
      <ol className="space-y-4">
        {run.stages.map((stage) => (
          <li key={stage.name}>
            <p className="flex flex-wrap items-baseline gap-x-3 text-sm">
              <span className="font-semibold">{titled(stage.name)}</span>
              <span className={TEXT_TONE[STAGE_TONE[stage.state]]}>
                <Icon name={STAGE_ICON[stage.state]} className="-translate-y-px" /> {stage.state}
                {stage.reason && `: ${reasonText(stage.reason)}`}
              </span>
              <span className="text-muted">
                {stage.started_at && (
                  <Elapsed from={stage.started_at} to={stage.ended_at ?? run.ended_at} isLive={isLive} />
                )}
                {stage.attempts > 1 && ` · ${counted(stage.attempts, "attempt")}`}
              </span>
            </p>
            <div className="mt-1.5 h-3 rounded-sm bg-sunken" aria-hidden="true">
              {stage.started_at && (
                <div
                  className={`h-full min-w-1 rounded-sm ${FILL_TONE[STAGE_TONE[stage.state]]}`}
                  style={place(stage, run, fromMs, toMs)}
                />
              )}
            </div>
            {stage.message && (
              <p
                className={`mt-1 text-sm whitespace-pre-wrap ${stage.state === "failed" ? "font-mono text-bad" : "text-muted"}`}
              >
                {stage.message}
              </p>
            )}
          </li>
        ))}
      </ol>
      <p className="mt-3 flex justify-between border-t border-line pt-2 text-xs text-muted">
        <span>{clockSeconds(run.started_at)}</span>
        <span>{isLive ? "now" : clockSeconds(new Date(toMs).toISOString())}</span>
      </p>
    </>
  );
}

function place({ started_at, ended_at }: StageRun, run: Run, fromMs: number, toMs: number) {
  const share = (at: string): number => (Date.parse(at) - fromMs) / (toMs - fromMs);
  const begin = started_at ? share(started_at) : 0;
  const end = ended_at ?? run.ended_at;
  return {
    marginLeft: `${Math.min(0.995, begin) * 100}%`,
    width: `${Math.max(0, (end ? share(end) : 1) - begin) * 100}%`,
  };
}
