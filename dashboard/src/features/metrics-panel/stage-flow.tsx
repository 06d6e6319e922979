/** The stages of the pipeline as a line with stations; the way to the next one fills as the work goes on. */
import type { Status } from "../../api/types";
import { isActive, shareOf } from "../../live/reducer";
import { type StageView, stageViews } from "../../live/stages";
import { duration, titled } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { FILL_TONE, STAGE_ICON, STAGE_TONE, TEXT_TONE, type Tone } from "../../ui/tone";
import { useNow } from "../../ui/use-now";
import { isIncomplete, stageFigures, stageText } from "./wording";

interface Props {
  status: Status;
  /** Milliseconds by stage. */
  expected: ReadonlyMap<string, number>;
}

export function StageFlow({ status, expected }: Props) {
  return (
    <ol aria-label="Stages" className="grid gap-x-3 gap-y-5 md:grid-flow-col md:auto-cols-fr">
      {stageViews(status).map((stage) => (
        <Station
          key={stage.name}
          stage={stage}
          isLive={isActive(status.state)}
          expectedMs={expected.get(stage.name)}
        />
      ))}
    </ol>
  );
}

interface StationProps {
  stage: StageView;
  isLive: boolean;
  expectedMs: number | undefined;
}

function Station({ stage, isLive, expectedMs }: StationProps) {
  const isPartial = isIncomplete(stage);
  const tone = isPartial ? "warn" : STAGE_TONE[stage.state];
  const figures = stageFigures(stage);
  return (
    <li
      data-testid={`stage-${stage.name}`}
      data-state={stage.state}
      className={`min-w-0 ${stage.isInRun ? "" : "opacity-60"}`}
    >
      <div className="flex items-center gap-3">
        <span
          className={`flex size-8 items-center justify-center rounded-full border-2 border-current ${TEXT_TONE[tone]}`}
        >
          <Icon name={isPartial ? "warning" : STAGE_ICON[stage.state]} />
        </span>
        <ProgressTrack stage={stage} tone={tone} />
      </div>
      <p className="mt-3">
        <span className="font-semibold">{titled(stage.name)}:</span>{" "}
        <span className={stage.state === "waiting" ? "text-muted" : `font-medium ${TEXT_TONE[tone]}`}>
          {stageText(stage)}
        </span>
      </p>
      <p className="min-h-5 text-sm text-muted">
        {[...figures, stage.attempts > 1 ? `attempt ${stage.attempts}` : null].filter(Boolean).join(" · ")}
        {stage.started_at && (
          <>
            {(figures.length > 0 || stage.attempts > 1) && " · "}
            <Elapsed from={stage.started_at} to={stage.ended_at} isLive={isLive} />
            {isLive && !stage.ended_at && expectedMs !== undefined && ` of about ${duration(expectedMs)}`}
          </>
        )}
      </p>
      {(stage.state === "retrying" || stage.state === "failed") && stage.message && (
        <p className={`mt-1 text-sm ${TEXT_TONE[tone]}`}>{stage.message}</p>
      )}
    </li>
  );
}

function ProgressTrack({ stage, tone }: { stage: StageView; tone: Tone }) {
  const share = shareOf(stage);
  const isUncounted = stage.state === "running" && !stage.progress?.total;
  return (
    <div
      role="progressbar"
      aria-label={`${titled(stage.name)}: ${stageText(stage)}`}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={isUncounted ? undefined : Math.round(share * 100)}
      className="h-1.5 flex-1 overflow-hidden rounded-full bg-sunken"
    >
      <div
        className={`h-full w-full origin-left rounded-full transition-transform duration-200 ease-calm ${FILL_TONE[tone]} ${isUncounted ? "animate-breathe" : ""}`}
        style={{ transform: `scaleX(${isUncounted ? 1 : share})` }}
      />
    </div>
  );
}

/** A span that ended, or one that goes on. */
export const Elapsed = ({ from, to, isLive }: { from: string; to: string | null; isLive: boolean }) => {
  if (to !== null)
    return <span className="whitespace-nowrap">{duration(Date.parse(to) - Date.parse(from))}</span>;
  return isLive ? <Running since={from} /> : null;
};

const Running = ({ since }: { since: string }) => {
  const passedMs = useNow() - Date.parse(since);
  // Whole seconds: tenths that move only once a second would look broken.
  return (
    <span className="whitespace-nowrap">
      {passedMs < 60_000 ? `${Math.max(0, Math.floor(passedMs / 1000))} s` : duration(passedMs)}
    </span>
  );
};
