/** A bar for each run, as high as its value. */
import type { Tone } from "../../ui/tone";

const FILL: Record<Tone, string> = {
  ok: "fill-ok",
  bad: "fill-bad",
  warn: "fill-warn",
  run: "fill-run",
  idle: "fill-idle",
};
export const HEIGHT = 32;
/** A slot for each of as many runs as are shown: fewer begin at the right. */
export const SLOTS = 96;
const WIDTH = 0.8;

/** Of the run at `index` of `count`. */
export const slot = (index: number, count: number) => ({ x: SLOTS - count + index, width: WIDTH });

const LEAST = 0.8;

export function ValueBars({ values, tone }: { values: (number | null)[]; tone: Tone }) {
  const most = Math.max(...values.map((value) => value ?? 0)) || 1;
  return values.map((value, index) => {
    if (!value) return null;
    const height = Math.max(LEAST, (value / most) * HEIGHT);
    return (
      <rect
        // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
        key={index}
        {...slot(index, values.length)}
        y={HEIGHT - height}
        height={height}
        className={FILL[tone]}
      />
    );
  });
}
