/** What the panel says about a run, its stages and the schedule. Pure. */
import type { Reason, Schedule, StageRun, Status } from "../../api/types";
import { isActive, shareOf } from "../../live/reducer";
import type { StageView } from "../../live/stages";
import { clock, counted, number, percent, span, titled } from "../../ui/format";

const asCount = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** "Complete (5 files)", "3 of 5 (60%)", "Failed: it took longer than it may" */
export function stageText(stage: StageView): string {
  switch (stage.state) {
    case "waiting":
      return stage.isInRun ? "Waiting" : "Not in this run";
    case "running":
      return stage.progress?.total
        ? `${number(stage.progress.done)} of ${number(stage.progress.total)} (${percent(shareOf(stage))})`
        : "Working";
    case "retrying":
      return `Trying again after attempt ${stage.attempts}`;
    case "success":
      return ["✓ Complete", outcome(stage)].filter(Boolean).join(" ");
    case "failed":
      return `✗ Failed: ${reasonText(stage.reason)}`;
    case "stopped":
      return "■ Stopped";
  }
}

/** What a finished stage did, in its own unit. */
function outcome({ name, data }: StageRun): string {
  const files = asCount(data.files_processed);
  if (files !== null) {
    const failed = asCount(data.failed_files);
    return `(${counted(files, "file")}${failed ? `, ${number(failed)} could not be read` : ""})`;
  }
  const datasets = asCount(data.datasets);
  if (datasets !== null) return `(${counted(datasets, "dataset")})`;
  if (name !== "merger") return "";
  const rows = ["inserted", "updated", "unchanged"].reduce((sum, key) => sum + (asCount(data[key]) ?? 0), 0);
  return `(${counted(rows, "row")})`;
}

const FIGURES: [key: string, words: string][] = [
  ["quarantined", "quarantined"],
  ["settling_files", "still being written"],
  ["held_back", "held back"],
];

/** Further figures of a finished stage, such as "336,776 rows", "2 quarantined". */
export function stageFigures({ name, data }: StageRun): string[] {
  const rows = name === "merger" ? null : asCount(data.rows);
  const others = FIGURES.map(([key, words]) => ({ count: asCount(data[key]), words }));
  return [
    ...(rows === null ? [] : [counted(rows, "row")]),
    ...others.flatMap(({ count, words }) => (count ? [`${number(count)} ${words}`] : [])),
  ];
}

/** A2: a stage that left some of its files behind is not simply well. */
export const isIncomplete = ({ state, data }: StageRun): boolean =>
  state === "success" && ((asCount(data.failed_files) ?? 0) > 0 || (asCount(data.held_back) ?? 0) > 0);

const REASONS: Record<Reason, { text: string; advice: string }> = {
  stage_error: {
    text: "the stage raised an error",
    advice: "Look at the stage's events below, mend the cause, then resume the run.",
  },
  timed_out: {
    text: "it took longer than it may",
    advice: "Resume the run; if it happens again, give the stage more time in quarterhour.toml.",
  },
  hung: {
    text: "it stopped reporting and was ended",
    advice: "Resume the run; if it hangs again, the last file named in the events is the one to look at.",
  },
  crashed: {
    text: "its process died",
    advice: "Resume the run; if it dies again, the last file named in the events is the one to look at.",
  },
  out_of_memory: {
    text: "it ran out of memory",
    advice: "Free memory or lower the memory limit in quarterhour.toml, then resume the run.",
  },
  disk_full: {
    text: "the disk is full",
    advice: "Free space where the data folder is, then resume the run.",
  },
  balance_open: {
    text: "the rows do not add up",
    advice: "Nothing was lost: the raw files are kept. See the balance event below, then start again.",
  },
  interrupted: {
    text: "the server ended during the run",
    advice: "Nothing was lost. Resume the run, or leave it to the next mark.",
  },
  internal_error: {
    text: "an error in quarterhour itself",
    advice: "Resume the run. If it happens again, report it with the events below.",
  },
};

export const reasonText = (reason: Reason | null): string =>
  reason ? (REASONS[reason]?.text ?? titled(reason).toLowerCase()) : "no reason was given";

/** What a person can do about it. */
export const adviceFor = (reason: Reason | null): string =>
  (reason && REASONS[reason]?.advice) ?? "Look at the events below, then start again.";

const OVERDUE_AFTER_MS = 5000;

export type NextRun = { text: string; isOverdue: boolean };

/** "Next run: 12:30 (13 minutes)" */
export function nextRunText({ schedule, state }: Pick<Status, "schedule" | "state">, nowMs: number): NextRun {
  const at = schedule.next_run_at;
  if (schedule.paused) return { text: "Next run: Paused", isOverdue: false };
  if (at === null) {
    // The settings' trigger is kept only where files alone start runs.
    const text = schedule.configured.trigger ? "when files arrive" : "none planned";
    return { text: `Next run: ${text}`, isOverdue: false };
  }
  const leftMs = Date.parse(at) - nowMs;
  const isOverdue = isOverdueAt(schedule, state, nowMs);
  if (isOverdue) return { text: `Next run: ${clock(at)} (overdue by ${span(-leftMs)})`, isOverdue };
  return { text: `Next run: ${clock(at)} (${leftMs > 0 ? span(leftMs) : "now"})`, isOverdue };
}

/** While a run is in progress its mark may pass: it is skipped, not late. */
const isOverdueAt = ({ next_run_at }: Schedule, state: Status["state"], nowMs: number): boolean =>
  next_run_at !== null && !isActive(state) && nowMs - Date.parse(next_run_at) > OVERDUE_AFTER_MS;

export const TRIGGERS = {
  schedule: "by the schedule",
  api: "by hand",
  cli: "from the command line",
  catch_up: "by the schedule, which catches up",
  recovery: "by the recovery of an interrupted run",
  arrival: "by files that arrived",
  backfill: "by a backfill",
} as const;
