/** A run beside another: by how much each figure differs. Pure. */
import type { Run } from "../../api/types";
import { titled } from "../../ui/format";

export interface Difference {
  name: string;
  unit: "ms" | "count";
  /** Null where the run has no such figure: the stage did not take part, or has not ended. */
  now: number | null;
  before: number | null;
}

const COUNTS = [
  ["files_processed", "Files"],
  ["records", "Records"],
  ["rows", "Rows"],
  ["quarantined", "Quarantined"],
  ["inserted", "Inserted"],
  ["updated", "Updated"],
  ["held_back", "Held back"],
] as const;

const lengthMs = ({ started_at, ended_at }: { started_at: string | null; ended_at: string | null }) =>
  started_at && ended_at ? Date.parse(ended_at) - Date.parse(started_at) : null;

export function compared(run: Run, before: Run): Difference[] {
  const names = [...new Set([...run.stages, ...before.stages].map(({ name }) => name))];
  const stageMs = ({ stages }: Run, name: string): number | null => {
    const stage = stages.find((each) => each.name === name);
    return stage ? lengthMs(stage) : null;
  };
  return [
    { name: "Duration", unit: "ms", now: lengthMs(run), before: lengthMs(before) },
    ...names.map(
      (name): Difference => ({
        name: titled(name),
        unit: "ms",
        now: stageMs(run, name),
        before: stageMs(before, name),
      }),
    ),
    ...COUNTS.map(
      ([key, name]): Difference => ({
        name,
        unit: "count",
        now: run.counts[key],
        before: before.counts[key],
      }),
    ),
  ];
}

/** Null where one of the two has no such figure. */
export const differenceOf = ({ now, before }: Difference): number | null =>
  now === null || before === null ? null : now - before;
