/** What the failure card says beyond the run itself. Pure. */
import type { EventRecord, Run, Status } from "../../api/types";
import { clock, duration, number, signed } from "../../ui/format";
import { compared, differenceOf } from "../run-details/comparison";

/** How much longer or shorter a stage must take to be told of. */
const NOTABLE_MS = 1000;

/** "Files 6 (+3)", "Analyzer 18 s (+12 s)": the figures that are others than in the last good run. */
export function changedFigures(run: Run, before: Run): string[] {
  return compared(run, before).flatMap((difference) => {
    const by = differenceOf(difference);
    // Of the stages that did not come to their end, the counts tell nothing.
    const isUndone = ["Inserted", "Updated", "Held back"].includes(difference.name);
    if (by === null || by === 0 || isUndone) return [];
    const { name, unit, now } = difference;
    if (unit === "count") return [`${name} ${number(now ?? 0)} (${signed(by)})`];
    if (Math.abs(by) < NOTABLE_MS) return [];
    return [`${name} ${duration(now ?? 0)} (${by > 0 ? "+" : "−"}${duration(Math.abs(by))})`];
  });
}

type Columns = Map<string, string>;

/** The columns that the translator's lines tell, by dataset. */
export function columnsIn(lines: readonly EventRecord[]): Map<string, Columns> {
  const found = new Map<string, Columns>();
  for (const { data } of lines) {
    if (typeof data.dataset !== "string" || typeof data.columns !== "object" || !data.columns) continue;
    const columns = found.get(data.dataset) ?? new Map<string, string>();
    for (const [name, type] of Object.entries(data.columns)) columns.set(name, String(type));
    found.set(data.dataset, columns);
  }
  return found;
}

/** "bars: b is VARCHAR, and was BIGINT", for datasets that both runs read. */
export function schemaChanges(now: Map<string, Columns>, before: Map<string, Columns>): string[] {
  return [...now].flatMap(([dataset, columns]) => {
    const old = before.get(dataset);
    if (!old) return [];
    const gone = [...old.keys()].filter((name) => !columns.has(name)).map((name) => `${name} is gone`);
    const others = [...columns].flatMap(([name, type]) => {
      const was = old.get(name);
      if (was === undefined) return [`${name} (${type}) is new`];
      return was === type ? [] : [`${name} is ${type}, and was ${was}`];
    });
    return [...others, ...gone].map((change) => `${dataset}: ${change}`);
  });
}

/** The lines that lead up to the failure: what was logged, not what only repeats; the failure itself is told above them. */
export function lastLines(newestFirst: readonly EventRecord[], count: number): EventRecord[] {
  const kinds = new Set(["log", "error", "retry"]);
  // What the pipeline and the watchdog log comes of the failure, and did not lead to it.
  const aside = new Set(["pipeline", "watchdog"]);
  return newestFirst
    .filter(({ event, stage }) => kinds.has(event) && (event === "error" || !aside.has(stage)))
    .slice(0, count)
    .reverse();
}

/** What happens without anybody. */
export function nextByItself({ schedule }: Pick<Status, "schedule">): string {
  const { paused, next_run_at, configured } = schedule;
  if (paused) return "Nothing: the schedule is paused. The files of this run are kept.";
  if (next_run_at)
    return `At ${clock(next_run_at)} the next run starts, and takes what this one did not finish.`;
  return configured.trigger
    ? "When further files arrive a run starts, and takes what this one did not finish."
    : "Nothing: no mark is planned. The files of this run are kept.";
}
