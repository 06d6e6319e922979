/** How long a stage takes, as the last runs tell. Pure. */
import type { Run } from "../../api/types";

const FEWEST_RUNS = 3;

/** Milliseconds of each stage at the median of the runs in which it succeeded; of fewer than three nothing is expected. */
export function expectedMs(runs: readonly Run[]): ReadonlyMap<string, number> {
  const took = new Map<string, number[]>();
  for (const { name, state, started_at, ended_at } of runs.flatMap(({ stages }) => stages)) {
    if (state !== "success" || !started_at || !ended_at) continue;
    took.set(name, [...(took.get(name) ?? []), Date.parse(ended_at) - Date.parse(started_at)]);
  }
  return new Map(
    [...took].flatMap(([name, spans]) =>
      spans.length < FEWEST_RUNS ? [] : [[name, median(spans)] as const],
    ),
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
