/** A bar for each run, made of its stages, as high as they took long. */
import type { Run } from "../../api/types";
import { stackedStages } from "./series";
import { HEIGHT, slot } from "./value-bars";

export const STAGE_SHADES = ["fill-accent", "fill-run", "fill-muted", "fill-warn", "fill-ink"] as const;

export function DurationBars({ runs, stages }: { runs: Run[]; stages: string[] }) {
  return stackedStages(runs).flatMap((stack, index) =>
    stack.map(({ name, from, length }) => (
      <rect
        key={`${runs[index]?.run_id} ${name}`}
        {...slot(index, runs.length)}
        y={HEIGHT * (1 - from - length)}
        height={HEIGHT * length}
        className={STAGE_SHADES[Math.max(0, stages.indexOf(name)) % STAGE_SHADES.length]}
      />
    )),
  );
}
