/** The pipeline in each of its states, as the log of events that leads to it. */
import type { Run, Status } from "../api/types";
import { INITIAL_STATUS } from "../live/reducer";
import { aRun, Recorder } from "../testing/events";

const MINUTE_MS = 60_000;
const agoIso = (minutes: number): string => new Date(Date.now() - minutes * MINUTE_MS).toISOString();

export const nextIn = (minutes: number, change: Partial<Status["schedule"]> = {}): Partial<Status> => ({
  schedule: { ...INITIAL_STATUS.schedule, next_run_at: agoIso(-minutes), ...change },
});

/** Nothing has ever run. */
export function empty(change: Partial<Status> = nextIn(9)): Recorder {
  const log = new Recorder();
  log.become("idle", change);
  return log;
}

/** A run whose Translator is half through. */
export function running(): Recorder {
  const log = new Recorder(agoIso(1));
  log.become("idle", nextIn(9));
  log.startRun();
  log.add("translator", "start", "translator started", { attempt: 1 });
  log.add("translator", "progress", "3 of 5", { done: 3, total: 5 });
  return log;
}

function translated(): Recorder {
  const log = running();
  log.add("translator", "success", "Translated 5 files, 2 records of 1 file put aside", {
    files_processed: 5,
    failed_files: 0,
    records: 338,
    rows: 336,
    quarantined: 2,
  });
  log.add("analyzer", "start", "analyzer started", { attempt: 1 });
  return log;
}

export function succeeded(change: Partial<Status> = {}): Recorder {
  const log = translated();
  log.add("analyzer", "success", "Analysed 3 datasets", { datasets: 3 });
  log.add("merger", "start", "merger started", { attempt: 1 });
  log.add("merger", "success", "Merged 336 rows", { inserted: 330, updated: 1, unchanged: 5, held_back: 0 });
  return ended(log, "success", change);
}

export function failed(): Recorder {
  const log = translated();
  log.add("analyzer", "log", "flights: 336 rows read", { level: "info" });
  log.add("analyzer", "failed", "no answer for 300 s", { reason: "hung" });
  return ended(log, "failed");
}

export function stopped(): Recorder {
  const log = translated();
  log.add("analyzer", "stop", "stopped by the api");
  return ended(log, "stopped");
}

/** A stage is told to end, and has not yet. */
export function stopping(): Recorder {
  const log = running();
  log.become("stopping");
  return log;
}

/** A command was taken, and no stage has begun. */
export function starting(): Recorder {
  const log = new Recorder(agoIso(0));
  log.become("idle", nextIn(9));
  log.become("starting", { run: aRun("starting", { started_at: agoIso(0), trigger: "api", mark: null }) });
  return log;
}

const FLOOD = 5000;

/** More in a second than anybody reads, of rows without end. */
export function flood(): Recorder {
  const log = running();
  for (let file = 1; file <= FLOOD; file++)
    log.add("translator", "log", `flights_${file}.csv: ${3_000_000 + file} rows`, { level: "info" });
  log.add("translator", "progress", "4 of 5", { done: 4_999_999, total: 5_000_000 });
  log.add("translator", "success", "Translated 5,000,000 files", {
    files_processed: 5_000_000,
    failed_files: 0,
    records: 15_001_250_000_000,
    rows: 15_001_249_876_543,
    quarantined: 123_457,
  });
  log.add("analyzer", "start", "analyzer started", { attempt: 1 });
  return log;
}

/** A name as exporters make them, and one without a place to break. */
export const LONG_NAME =
  "exchange-rates_intraday_europe-and-north-america_adjusted_2025-12-05T12-15-00Z_part-00001-of-00128.csv";
export const UNBROKEN = "ratesOfExchangeIntradayEuropeAndNorthAmericaAdjusted".repeat(2);

export function longNames(): Recorder {
  const log = translated();
  const msg = `${LONG_NAME}: column ${UNBROKEN} is a number in 335 records and a text in one: line 4,711, "n/a"`;
  log.add("analyzer", "log", msg, { level: "warning" });
  log.add("analyzer", "failed", msg, { reason: "stage_error" });
  return ended(log, "failed");
}

/** The run is over: what is told of it from now on is its last state. */
function ended(
  log: Recorder,
  state: "success" | "failed" | "stopped",
  change: Partial<Status> = {},
): Recorder {
  const run = log.status.run && { ...log.status.run, state, ended_at: agoIso(0) };
  log.become(state, { run, last_run: run, ...change });
  log.add(
    "pipeline",
    state === "stopped" ? "stop" : state,
    `The run ${state === "success" ? "succeeded" : state}`,
  );
  return log;
}

/** A day's runs, newest first: longer and shorter ones, one that failed. */
export const lastRuns = (count: number): Run[] =>
  Array.from({ length: count }, (_, index) => {
    const startMs = Date.now() - (index + 1) * 15 * MINUTE_MS;
    const at = (seconds: number): string => new Date(startMs + seconds * 1000).toISOString();
    const seconds = 8 + ((index * 7) % 5);
    const run = aRun(index === 4 ? "failed" : "success", {
      ...(index === 4 && { reason: "hung" }),
      run_id: `run-${count - index}`,
      mark: at(0),
      started_at: at(index % 3),
      ended_at: at(seconds * 3),
    });
    const stages = run.stages.map((stage, place) => ({
      ...stage,
      state: "success" as const,
      started_at: at(place * seconds),
      ended_at: at((place + 1) * seconds),
    }));
    const quarantined = index % 6 === 0 ? 2 : 0;
    const records = 300 + ((index * 37) % 90);
    const rows = records - quarantined;
    return { ...run, stages, counts: { ...run.counts, records, rows, quarantined, inserted: rows } };
  });
