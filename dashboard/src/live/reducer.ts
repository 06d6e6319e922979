/**
 * The fold of events to the status. Pure.
 *
 * It is the same fold as `apply` in src/quarterhour/lifecycle.py; both run over tests/contract/streams.
 */
import type { EventRecord, Reason, Run, RunCounts, RunState, Schedule, StageRun, Status } from "../api/types";

const ACTIVE: ReadonlySet<RunState> = new Set<RunState>(["starting", "running", "stopping"]);
const ENDED: ReadonlySet<RunState> = new Set<RunState>(["success", "failed", "stopped"]);

export const isActive = (state: RunState): boolean => ACTIVE.has(state);
export const isEnded = (state: RunState): boolean => ENDED.has(state);

const NO_COUNTS: RunCounts = {
  files_processed: 0,
  records: 0,
  rows: 0,
  quarantined: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  held_back: 0,
};

/** The fields of a status that are told; the others follow from them. */
type Told = Pick<Status, "version" | "state" | "run" | "last_run" | "schedule" | "configuration">;

const FIRST_SCHEDULE: Schedule = {
  cron: "*/15 * * * *",
  timezone: "UTC",
  jitter: 0,
  paused: false,
  next_run_at: null,
  configured: {},
  judged_until: null,
  failures: 0,
  failed_at: null,
};

/** The status before the first event. */
export const INITIAL_STATUS: Status = derive({
  version: 0,
  state: "idle",
  run: null,
  last_run: null,
  schedule: FIRST_SCHEDULE,
  configuration: null,
});

/**
 * The status after one event. A `state` event carries the whole; of the others a stage's, a mark's verdict and what the
 * settings were change it.
 *
 * An event that is in the status already (seq up to its version) changes nothing.
 */
export function apply(status: Status, event: EventRecord): Status {
  if (event.seq <= status.version) return status;
  if (event.event === "state") {
    return derive({ ...(event.data.status as Told), version: event.seq });
  }
  if (event.stage === "scheduler" && event.event === "skipped") {
    return { ...status, version: event.seq, schedule: judged(status.schedule, event) };
  }
  if (event.stage === "pipeline" && "configuration" in event.data) {
    const { digest, stages } = event.data as { digest: string; stages?: string[] };
    return derive({
      ...status,
      version: event.seq,
      configuration: { seq: event.seq, digest, stages: stages ?? [] },
    });
  }
  const run = status.run;
  const stage =
    run?.run_id === event.run_id ? run?.stages.find(({ name }) => name === event.stage) : undefined;
  if (!run || !stage) return { ...status, version: event.seq };
  const after = applyToStage(stage, event);
  const changed: Run = {
    ...run,
    stages: run.stages.map((each) => (each === stage ? after : each)),
    counts: event.event === "success" ? addCounts(run.counts, event) : run.counts,
  };
  return derive({ ...status, version: event.seq, run: changed });
}

/** With the verdict of a `skipped` event, on a mark or on a range of them. */
function judged(schedule: Schedule, { data }: EventRecord): Schedule {
  const mark = (data.last ?? data.mark) as string;
  const isNew = !schedule.judged_until || mark > schedule.judged_until;
  return isNew ? { ...schedule, judged_until: mark } : schedule;
}

export const fold = (events: Iterable<EventRecord>, status: Status = INITIAL_STATUS): Status => {
  let folded = status;
  for (const event of events) folded = apply(folded, event);
  return folded;
};

function derive({ version, state, run, last_run, schedule, configuration }: Told): Status {
  const atWork = isActive(state)
    ? run?.stages.find((stage) => stage.state === "running" || stage.state === "retrying")
    : undefined;
  return {
    version,
    state,
    run,
    last_run,
    schedule,
    // Events of a version that did not tell of it, or not of its stages, have none.
    configuration: configuration ? { ...configuration, stages: configuration.stages ?? [] } : null,
    run_id: run?.run_id ?? null,
    stage: atWork?.name ?? null,
    progress: run
      ? run.stages.reduce((sum, stage) => sum + shareOf(stage), 0) / Math.max(1, run.stages.length)
      : null,
    started_at: run?.started_at ?? null,
    next_run_at: schedule.next_run_at,
    counts: run?.counts ?? NO_COUNTS,
  };
}

/** How much of a stage is done, from 0 to 1. */
export function shareOf({ state, progress }: Pick<StageRun, "state" | "progress">): number {
  if (state === "success") return 1;
  if (!progress || progress.total === 0) return 0;
  return Math.min(1, progress.done / progress.total);
}

function applyToStage(stage: StageRun, { event, timestamp, msg, data }: EventRecord): StageRun {
  switch (event) {
    case "start":
      return {
        ...stage,
        state: "running",
        attempts: data.attempt as number,
        started_at: stage.started_at || timestamp,
        progress: null,
      };
    case "progress":
      return { ...stage, progress: { done: data.done as number, total: data.total as number } };
    case "retry":
      return { ...stage, state: "retrying", message: msg };
    case "success":
      return { ...stage, state: "success", ended_at: timestamp, message: msg, data };
    case "failed":
      return { ...stage, state: "failed", ended_at: timestamp, message: msg, reason: data.reason as Reason };
    case "stop":
      return { ...stage, state: "stopped", ended_at: timestamp, message: msg };
    default:
      return stage;
  }
}

/** A stage's `success` names some of the counts. `rows` is the translator's: the merger's rows are the same ones. */
function addCounts(counts: RunCounts, { stage, data }: EventRecord): RunCounts {
  const sums = { ...counts };
  for (const name of Object.keys(NO_COUNTS) as (keyof RunCounts)[]) {
    const value = data[name];
    if (Number.isInteger(value) && (name !== "rows" || stage === "translator")) sums[name] += value as number;
  }
  return sums;
}
