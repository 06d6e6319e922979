/** What a person can do with the pipeline. */
import type { Status } from "../../api/types";
import { useLive } from "../../backend";
import { isActive } from "../../live/reducer";
import { stageNames } from "../../live/stages";
import { useNoChange, useReadOnly } from "../../session";
import { Button } from "../../ui/button";
import { titled } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { ProblemNote } from "../../ui/problem-note";
import { stopExplanation, unavailable } from "./availability";
import { ScheduleSwitch } from "./schedule-switch";
import { StageMenu } from "./stage-menu";
import { useCommands } from "./use-commands";

export function PipelineControls() {
  const status = useLive((live) => live.status);
  return status && <Controls status={status} />;
}

function Controls({ status }: { status: Status }) {
  const noChange = useNoChange();
  const readOnly = useReadOnly();
  const { command, isBusy, error } = useCommands();
  const { state, run, schedule, stage } = status;
  const reasons = unavailable(state, noChange, isBusy);
  const failedStage = state === "failed" ? run?.stages.find((each) => each.state === "failed") : undefined;

  return (
    <section aria-label="Pipeline controls" className="flex flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        <Button look="primary" unavailable={reasons.start} onPress={() => command({ name: "start" })}>
          <Icon name="play" /> Start
        </Button>
        <Button
          unavailable={reasons.stop}
          explanation={stopExplanation(stage)}
          onPress={() => command({ name: "stop" })}
        >
          <Icon name="square" /> Stop
        </Button>
        <Button
          unavailable={reasons.reset}
          explanation="Sets the pipeline back to idle. Data and history stay."
          onPress={() => command({ name: "reset" })}
        >
          Reset
        </Button>
        <StageMenu
          stages={stageNames(status)}
          unavailable={reasons.start}
          onRun={(name) => command({ name: "stage", stage: name })}
        />
        {run && failedStage && (
          <Button
            unavailable={reasons.start}
            explanation="What the stages before it made is used again."
            onPress={() => command({ name: "start", resume: run.run_id })}
          >
            <Icon name="again" /> Resume from {titled(failedStage.name)}
          </Button>
        )}
      </div>
      {isActive(state) && <p className="max-w-prose text-xs text-muted">{stopExplanation(stage)}</p>}
      {/* In words too: on a phone nobody points at a button to read why. */}
      {readOnly && <p className="text-xs text-muted">{readOnly}.</p>}
      <ScheduleSwitch
        schedule={schedule}
        isAvailable={noChange === null && !isBusy}
        onChange={(isOn) => command({ name: isOn ? "unpause" : "pause" })}
      />
      {error && <ProblemNote error={error} />}
    </section>
  );
}
