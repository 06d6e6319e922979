/** Events and snapshots as the server makes them, for tests: each call is the next event of one installation. */
import type { EventRecord, Run, RunState, Status } from "../api/types";
import { fold, INITIAL_STATUS } from "../live/reducer";
import type { Snapshot } from "../live/store";

const RUN_ID = "20251205T121500Z-7f3a9c";
const STAGES = ["translator", "analyzer", "merger"];
const STARTED_AT = "2025-12-05T12:15:00.000Z";

export const aRun = (state: RunState, change: Partial<Run> = {}): Run => ({
  run_id: RUN_ID,
  state,
  trigger: "schedule",
  mark: STARTED_AT,
  due_at: null,
  window: null,
  resumptions: 0,
  started_at: STARTED_AT,
  ended_at: null,
  stages: STAGES.map((name) => ({
    name,
    state: "waiting",
    attempts: 0,
    started_at: null,
    ended_at: null,
    progress: null,
    reason: null,
    message: "",
    data: {},
  })),
  counts: INITIAL_STATUS.counts,
  reason: null,
  message: "",
  ...change,
});

/** A log of events that grows; its status is the fold of them. */
export class Recorder {
  readonly events: EventRecord[] = [];
  status: Status = { ...INITIAL_STATUS, configuration: { seq: 0, digest: "", stages: STAGES } };
  readonly #startedAt: string;

  constructor(startedAt = STARTED_AT) {
    this.#startedAt = startedAt;
  }

  add(stage: string, event: string, msg = "", data: EventRecord["data"] = {}): EventRecord {
    const seq = this.events.length + 1;
    const timestamp = new Date(Date.parse(this.#startedAt) + seq * 1000).toISOString();
    const record: EventRecord = { seq, timestamp, run_id: this.status.run_id, stage, event, msg, data };
    this.events.push(record);
    this.status = fold([record], this.status);
    return record;
  }

  /** The pipeline comes into a state; an ended run becomes the last one. */
  become(state: RunState, change: Partial<Status> = {}): EventRecord {
    const run = this.status.run && { ...this.status.run, state };
    return this.add("pipeline", "state", `the pipeline is ${state}`, {
      status: { ...this.status, run, ...change, state },
    });
  }

  startRun(): EventRecord {
    this.become("starting", {
      run: aRun("starting", { mark: this.#startedAt, started_at: this.#startedAt }),
    });
    return this.become("running");
  }

  snapshot(): Snapshot {
    return { status: this.status, events: [...this.events], last_seq: this.events.length };
  }
}
