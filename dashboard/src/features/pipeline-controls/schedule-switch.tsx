/** Whether the marks of the schedule start runs. */
import { Switch } from "@base-ui/react/switch";
import type { Schedule } from "../../api/types";

interface Props {
  schedule: Schedule;
  isAvailable: boolean;
  onChange: (isOn: boolean) => void;
}

export const ScheduleSwitch = ({ schedule, isAvailable, onChange }: Props) => (
  // biome-ignore lint/a11y/noLabelWithoutControl: the switch inside is a labelable button
  <label className="flex items-center gap-2.5 text-sm">
    <Switch.Root
      checked={!schedule.paused}
      disabled={!isAvailable}
      onCheckedChange={onChange}
      className="flex h-5 w-9 rounded-full bg-muted/60 p-0.5 transition-colors data-checked:bg-accent data-disabled:opacity-45"
    >
      <Switch.Thumb className="size-4 rounded-full bg-surface transition-transform ease-calm data-checked:translate-x-4" />
    </Switch.Root>
    <span>
      <span className="font-semibold">Schedule</span>{" "}
      <span className="text-muted">{schedule.paused ? "paused" : "on"}</span>
    </span>
    <code className="font-mono text-xs text-muted" title={`Time zone: ${schedule.timezone}`}>
      {schedule.cron} {schedule.timezone}
    </code>
  </label>
);
