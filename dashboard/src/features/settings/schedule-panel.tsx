/** When runs start by the clock: the form, and the marks that it would have. */
import { Problem } from "../../api/client";
import type { Schedule } from "../../api/types";
import { useLive, useNotLive } from "../../backend";
import { useReadOnly } from "../../session";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { Panel } from "../../ui/panel";
import { ProblemNote } from "../../ui/problem-note";
import { isKept } from "../pipeline-controls/availability";
import { ScheduleSwitch } from "../pipeline-controls/schedule-switch";
import { useCommands } from "../pipeline-controls/use-commands";
import { MarksPreview } from "./marks-preview";
import { inWords } from "./schedule-choice";
import { ScheduleFields } from "./schedule-fields";
import { usePreview, useScheduleForm } from "./use-schedule";

export function SchedulePanel() {
  const schedule = useLive((live) => live.status?.schedule);
  return (
    <Panel title="Schedule" testId="schedule">
      {schedule ? (
        <ScheduleEditor schedule={schedule} />
      ) : (
        <p className="px-5 py-10 text-center text-sm text-muted">Asking the pipeline…</p>
      )}
    </Panel>
  );
}

function ScheduleEditor({ schedule }: { schedule: Schedule }) {
  const notLive = useNotLive();
  const readOnly = useReadOnly();
  const form = useScheduleForm(schedule);
  const preview = usePreview(form.choice, schedule.next_run_at);
  const { command, isBusy, error: switchError } = useCommands();
  const wrong = wrongField(form.save.error) ?? (preview.isOld ? null : wrongField(preview.error));
  // What is wrong with one field stands beside it.
  const otherError = [form.save.error, preview.error].find((error) => error && !wrongField(error));
  const unavailable =
    readOnly ??
    notLive ??
    (form.isEdited ? null : "Nothing is changed") ??
    (form.save.isPending ? "It is being saved" : null) ??
    (wrong ? "The server cannot use it" : null);
  return (
    <div className="grid xl:grid-cols-[22rem_1fr]">
      <form
        aria-label="Schedule"
        className="flex flex-col gap-4 px-5 py-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!unavailable) form.save.mutate(form.choice);
        }}
      >
        <ScheduleSwitch
          schedule={schedule}
          isAvailable={notLive === null && !isBusy && readOnly === null}
          onChange={(isOn) => command({ name: isOn ? "unpause" : "pause" })}
        />
        {!isKept(schedule) && (
          <p className="text-sm text-warn">
            This server keeps no schedule (--no-schedule): the marks start no run until one does.
          </p>
        )}
        {schedule.configured.trigger === "arrival" && (
          <p className="text-sm text-warn">
            Files that arrive start the runs (schedule.trigger): these marks start none.
          </p>
        )}
        <ScheduleFields
          choice={form.choice}
          isReadOnly={readOnly !== null}
          wrong={wrong}
          onEdit={form.edit}
        />
        {form.elsewhere && (
          <div role="alert" className="rounded-lg bg-warn/10 px-3 py-2 text-sm">
            <p>
              <Icon name="warning" className="mr-1.5 align-[-0.2rem] text-warn" />
              Somebody else has changed the schedule to {inWords(form.elsewhere)}.
            </p>
            <div className="mt-2 flex flex-wrap gap-2">
              <Button onPress={form.revert}>Take theirs</Button>
              <Button onPress={form.keep}>Keep mine</Button>
            </div>
          </div>
        )}
        {readOnly === null ? (
          <div className="flex flex-wrap items-center gap-2">
            <Button look="primary" unavailable={unavailable}>
              Save
            </Button>
            <Button unavailable={form.isEdited ? null : "Nothing is changed"} onPress={form.revert}>
              Revert
            </Button>
            {form.isEdited && <span className="text-sm text-warn">Not saved</span>}
          </div>
        ) : (
          <p className="text-sm text-muted">{readOnly}.</p>
        )}
        <p role="status" className="text-sm text-ok">
          {form.said}
        </p>
        {switchError && <ProblemNote error={switchError} />}
        {otherError && <ProblemNote error={otherError} />}
      </form>
      <div className="min-w-0 border-t border-line py-3 xl:border-t-0 xl:border-l">
        <h3 className="px-5 pb-2 text-sm font-semibold">
          {form.isEdited ? "Next marks, if it is saved" : "Next marks"}
          {schedule.paused && (
            <span className="font-normal text-warn"> · paused: none of them starts a run</span>
          )}
        </h3>
        {preview.data && !wrong && (
          <MarksPreview
            marks={preview.data.marks}
            timezone={form.choice.timezone}
            hasJitter={Number(form.choice.jitter) > 0}
            isOld={preview.isOld}
          />
        )}
        {preview.isPending && <p className="px-5 py-6 text-sm text-muted">Reckoning…</p>}
        {wrong && <p className="px-5 py-6 text-sm text-muted">There are none with what is typed.</p>}
      </div>
    </div>
  );
}

const wrongField = (error: Error | null) => (error instanceof Problem && error.field !== null ? error : null);
