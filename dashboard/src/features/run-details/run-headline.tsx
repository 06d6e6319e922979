/** How the run went, why, and what can be done about it. */
import type { Run } from "../../api/types";
import { useLive } from "../../backend";
import { isActive } from "../../live/reducer";
import { useNoChange } from "../../session";
import { Button } from "../../ui/button";
import { titled } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { ProblemNote } from "../../ui/problem-note";
import { Moment } from "../../ui/time";
import { RUN_ICON, RUN_TONE, TEXT_TONE } from "../../ui/tone";
import { Elapsed } from "../metrics-panel/stage-flow";
import { adviceFor, reasonText, TRIGGERS } from "../metrics-panel/wording";
import { unavailable } from "../pipeline-controls/availability";
import { useCommands } from "../pipeline-controls/use-commands";

export function RunHeadline({ run }: { run: Run }) {
  const failed = run.stages.find(({ state }) => state === "failed");
  const reason = failed?.reason ?? run.reason;
  return (
    <div className="mb-8">
      <p className={`flex items-center gap-3 ${TEXT_TONE[RUN_TONE[run.state]]}`}>
        <Icon name={RUN_ICON[run.state]} className="size-7" />
        <span
          data-testid="run-state"
          className="text-3xl font-semibold tracking-tight first-letter:uppercase"
        >
          {run.state}
        </span>
      </p>
      <p className="mt-2 text-muted">
        Started {TRIGGERS[run.trigger]}, <Moment at={run.started_at} /> ·{" "}
        <Elapsed from={run.started_at} to={run.ended_at} isLive={isActive(run.state)} />
        {run.mark && (
          <>
            {" · "}for the mark of <Moment at={run.mark} />
          </>
        )}
        {run.window && (
          <>
            {" · "}stands for <Moment at={run.window.start} /> to <Moment at={run.window.end} />
          </>
        )}
      </p>
      {run.state === "failed" && (
        <div className="mt-3 max-w-prose">
          <p className="font-medium text-bad">
            {failed ? `${titled(failed.name)} failed: ` : ""}
            {reasonText(reason)}
          </p>
          {!failed && run.message && <p className="mt-1 font-mono text-sm">{run.message}</p>}
          <p className="mt-1 text-sm text-muted">{adviceFor(reason)}</p>
        </div>
      )}
      {(run.state === "failed" || run.state === "stopped") && <ResumeButton run={run} />}
    </div>
  );
}

function ResumeButton({ run }: { run: Run }) {
  const state = useLive(({ status }) => status?.state);
  const noChange = useNoChange();
  const { command, isBusy, error } = useCommands();
  const from = run.stages.find((stage) => stage.state !== "success");
  if (!state || !from) return null;
  return (
    <div className="mt-4 flex flex-col items-start gap-3">
      <Button
        look="primary"
        unavailable={unavailable(state, noChange, isBusy).start}
        explanation="What the stages before it made is used again."
        onPress={() => command({ name: "start", resume: run.run_id })}
      >
        <Icon name="again" /> Resume from {titled(from.name)}
      </Button>
      {error && <ProblemNote error={error} />}
    </div>
  );
}
