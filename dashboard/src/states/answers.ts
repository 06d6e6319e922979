/** What the server answers in each state. */
import type { Analysis, Dataset, InputItem, PutAside, Run, Slot, TableVersion, Verdict } from "../api/types";
import type { Recorder } from "../testing/events";
import { LONG_NAME, lastRuns, UNBROKEN } from "./logs";
import { type Answers, exampleOf, list, problem, type Said } from "./stand-in";

/** The first of an example's items. */
function one<Item>(path: string): Item {
  const said = exampleOf("GET", path);
  const items = said === "nothing yet" ? [] : (said.body as { items?: Item[] }).items;
  const [item] = items ?? [];
  if (item === undefined) throw new Error(`no example is recorded of an item of ${path}`);
  return item;
}

export const LOADING: Answers = { "*": "nothing yet" };
export const ERROR: Answers = {
  "*": problem(503, "Service Unavailable", "no worker could be started: no memory is left"),
};

const NOTHING = {
  waiting: 0,
  settling: 0,
  done: 0,
  quarantined: 0,
  held_back: 0,
  retracted: 0,
  bytes_waiting: 0,
  rows: 0,
  last_arrival_at: null,
  folder: "/srv/quarterhour/data/raw",
};
const NO_PLAN = { breaker: "closed", expected_s: null, files_waiting: 0, paused: false, marks: [] };

export const EMPTY: Answers = {
  "GET /api/inputs": list([], { summary: NOTHING }),
  "GET /api/datasets": list([]),
  "GET /api/quarantine": list([]),
  "GET /api/runs": list([]),
  "GET /api/timeline": list([]),
  "GET /api/slots": list([]),
  "GET /api/schedule/plan": { status: 200, body: NO_PLAN },
  "GET /api/alerts": list([]),
  "GET /api/analyses": list([]),
};
export const WAITING: Answers = {
  "GET /api/inputs": list([{}, {}, {}], { summary: { ...NOTHING, waiting: 3 } }),
};

const VERDICTS: Verdict[] = ["ran", "ran", "late", "ran", "skipped", "ran", "missed", "ran", "caught_up"];

const slotOf = ({ mark, run_id }: Run, place: number): Slot => ({
  mark: mark ?? "",
  verdict: VERDICTS[place % VERDICTS.length] ?? "ran",
  reason: null,
  run_id,
  late_s: 0.2,
  why: "",
  seq: place + 1,
});

/** Some hours' runs, and what the history has of them. No more than tell what each looks like: a test looks at all. */
export const RUNS: Answers = {
  "GET /api/runs": list(lastRuns(12)),
  "GET /api/timeline": list(lastRuns(12)),
  "GET /api/slots": list(lastRuns(18).map(slotOf)),
};

export const VIEWER: Answers = {
  ...EMPTY,
  "GET /api/session": session({ name: "kiosk", role: "viewer", asks_for_tokens: true, is_login: true }),
};
export const NO_TOKENS: Answers = {
  "GET /api/session": session({ name: null, role: "operator", asks_for_tokens: false, is_login: false }),
};

function session(body: object): Said {
  return { status: 200, body };
}

export const DEGRADED: Answers = {
  "GET /readyz": {
    status: 503,
    body: {
      status: "degraded",
      checks: { disk: "0.4 GB of 256 GB are free", schedule: "overdue by 12 minutes" },
    },
  },
};
export const REFUSED: Answers = {
  ...RUNS,
  "POST /api/pipeline/start": problem(409, "Conflict", "another server runs the pipeline: pid 4711 on box"),
};
export const UNDELIVERED: Answers = {
  "GET /api/alerts": list([
    {
      ...one<object>("/api/alerts"),
      last: { at: new Date().toISOString(), error: "no answer for 10 s from hc.example" },
    },
  ]),
};

/** What the rows of the log's run came to. */
export function balanceOf({ status: { run } }: Recorder): Answers {
  if (!run) return {};
  const { records, rows, quarantined, inserted, updated, unchanged, held_back } = run.counts;
  const isMerged = run.state === "success";
  const body = {
    ...{ records, rows, quarantined, inserted, updated, unchanged },
    ...{ carried_over: 0, taken_in: rows, held_back: isMerged ? held_back : rows },
    ...{ translated_difference: 0, merged_difference: 0, lost_between: 0 },
  };
  return { [`GET /api/runs/${run.run_id}/balance`]: { status: 200, body } };
}

/** What the run put aside itself. */
export const putAsideBy = (runId: string): Answers => ({
  "GET /api/quarantine": list([{ ...one<PutAside>("/api/quarantine"), run_id: runId }]),
});

const input = (change: Partial<InputItem>): InputItem => ({
  ...one<InputItem>("/api/inputs"),
  message: "",
  ...change,
});

const INPUT_STATES = [
  "waiting",
  "settling",
  "translated",
  "merged",
  "replaced",
  "retracted",
  "held_back",
  "quarantined",
] as const;

/** A file in each state. */
export const EACH_FILE: Answers = {
  "GET /api/inputs": list(
    INPUT_STATES.map((state, place) =>
      input({ id: String(place), state, name: `bars_2025-12-0${place}.csv` }),
    ),
    { summary: { ...NOTHING, waiting: 1, settling: 1, quarantined: 1, held_back: 1, rows: 1_234_567 } },
  ),
};

const message = `${LONG_NAME}: it is held back: 12,345 rows do not pass check range(${UNBROKEN})`;

export const LONG_COLUMNS = [UNBROKEN, ...LONG_NAME.split("_")].map((name) => ({
  name,
  type: `STRUCT(${UNBROKEN} VARCHAR, amount DECIMAL(18, 3))`,
}));

const ofBars = (part: string, body: object): Answers => ({
  [`GET /api/datasets/bars/${part}`]: { status: 200, body },
});

/** Names that no layout likes. */
export const LONG: Answers = {
  "GET /api/inputs": list(
    [
      input({ id: "1", name: LONG_NAME, message, quarantined: 4711, rows: 123_456_789 }),
      input({ id: "2", name: `${UNBROKEN}.csv`, state: "merged", rows: 123_456_789 }),
    ],
    { summary: { ...NOTHING, done: 2, held_back: 1, rows: 123_456_789_012 } },
  ),
  "GET /api/datasets": list([{ ...one<Dataset>("/api/datasets"), name: UNBROKEN, rows: 123_456_789_012 }]),
  "GET /api/quarantine": list([
    {
      ...one<PutAside>("/api/quarantine"),
      file: LONG_NAME,
      column: UNBROKEN,
      raw: `${UNBROKEN},`.repeat(4),
      reason: message,
    },
  ]),
  "GET /api/analyses": list([
    {
      ...one<Analysis>("/api/analyses"),
      name: UNBROKEN,
      last: { at: new Date().toISOString(), outcome: "failed", message, run_id: "1" },
    },
  ]),
  "GET /api/alerts": list([
    {
      ...one<object>("/api/alerts"),
      host: `${UNBROKEN.toLowerCase()}.example`,
      withheld: message,
    },
  ]),
  ...ofBars("rows", {
    version: 1,
    columns: LONG_COLUMNS,
    items: [LONG_COLUMNS.map(() => LONG_NAME.repeat(3))],
    next: null,
    total: 123_456_789_012,
  }),
  ...ofBars("checks", {
    checked_at: new Date().toISOString(),
    checks: [
      {
        name: `range(${UNBROKEN})`,
        columns: [UNBROKEN],
        asks: "at least -123,456,789,012.75",
        result: { outcome: "failed", failures: 123_456_789, message },
      },
    ],
    history: [],
  }),
  ...ofBars("history", {
    items: [
      {
        ...one<TableVersion>("/api/datasets/bars/history"),
        files: [LONG_NAME, UNBROKEN],
        columns: [{ name: UNBROKEN, before: LONG_COLUMNS[0]?.type, after: "VARCHAR" }],
      },
    ],
    next: 1,
    total: 123_456,
  }),
  "GET /api/tokens": list([{ ...one<object>("/api/tokens"), name: UNBROKEN.slice(0, 64) }]),
};
