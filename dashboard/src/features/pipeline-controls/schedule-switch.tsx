/** Whether the marks of the schedule start runs. */
import type { Schedule } from "../../api/types";
import { isKept } from "./availability";

interface Props {
  schedule: Schedule;
  isAvailable: boolean;
  onChange: (isOn: boolean) => void;
}

export const ScheduleSwitch = ({ schedule, isAvailable, onChange }: Props) => (
  <label className="flex items-center gap-2.5 text-sm">
    <input
      type="checkbox"
      role="switch"
      checked={!schedule.paused}
      aria-checked={!schedule.paused}
      disabled={!isAvailable}
      onChange={(change) => onChange(change.target.checked)}
      className="h-5 w-9 shrink-0 cursor-pointer appearance-none rounded-full bg-muted/60 p-0.5 transition-colors before:block before:size-4 before:rounded-full before:bg-surface before:transition-transform before:ease-calm checked:bg-accent checked:before:translate-x-4 disabled:cursor-not-allowed disabled:opacity-45"
    />
    <span>
      <span className="font-semibold">Schedule</span>{" "}
      <span className="text-muted">
        {schedule.paused ? "paused" : isKept(schedule) ? "on" : "not kept by this server"}
      </span>
    </span>
    <code className="font-mono text-xs text-muted" title={`Time zone: ${schedule.timezone}`}>
      {schedule.cron} {schedule.timezone}
    </code>
  </label>
);
