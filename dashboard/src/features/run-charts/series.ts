/** The last runs in figures, one series a chart, and each series in words. Pure. */
import type { Run } from "../../api/types";
import { isEnded } from "../../live/reducer";
import { duration, number } from "../../ui/format";

export interface Series {
  title: string;
  /** One a run, oldest first; null where the run has no such figure. */
  values: (number | null)[];
  text: (value: number) => string;
}

const ms = (from: string, to: string): number => Date.parse(to) - Date.parse(from);

/** "0.2%"; in a few rows of a million, "<0.1%". */
export const share = (value: number): string =>
  value > 0 && value < 0.001 ? "<0.1%" : `${number(Math.round(value * 1000) / 10)}%`;

/** `newestFirst` as the server tells them; a run that goes on has no figures yet. */
export const endedInOrder = (newestFirst: readonly Run[]): Run[] =>
  newestFirst.filter(({ state }) => isEnded(state)).toReversed();

export function seriesOf(runs: readonly Run[]): Series[] {
  return [
    {
      title: "Duration",
      values: runs.map(({ started_at, ended_at }) => (ended_at ? ms(started_at, ended_at) : null)),
      text: duration,
    },
    { title: "Rows", values: runs.map(({ counts }) => counts.rows), text: number },
    {
      title: "Quarantined",
      values: runs.map(({ counts }) => (counts.records ? counts.quarantined / counts.records : null)),
      text: share,
    },
    { title: "Lateness", values: runs.map(latenessMs), text: duration },
  ];
}

/** From the mark, with its jitter, to the start; null where no mark started it. */
export const latenessMs = ({ trigger, mark, due_at, started_at }: Run): number | null =>
  trigger === "schedule" && mark ? Math.max(0, ms(due_at ?? mark, started_at)) : null;

export interface StageShare {
  name: string;
  /** In shares of the longest of the runs. */
  from: number;
  length: number;
}

/** For each run the stages that its bar is made of, one upon the other. */
export function stackedStages(runs: readonly Run[]): StageShare[][] {
  const stacks = runs.map((run) => {
    let from = 0;
    return run.stages.flatMap(({ name, started_at, ended_at }) => {
      const end = ended_at ?? run.ended_at;
      if (!started_at || !end) return [];
      const part = { name, from, length: ms(started_at, end) };
      from += part.length;
      return [part];
    });
  });
  const most = Math.max(1, ...stacks.flat().map(({ from, length }) => from + length));
  return stacks.map((stack) =>
    stack.map(({ name, from, length }) => ({ name, from: from / most, length: length / most })),
  );
}

export const told = ({ values }: Pick<Series, "values">): number[] =>
  values.filter((value) => value !== null);

/** "Rows of the last 96 runs: from 2,007 to 39,266, median 19,907, the last 10,621" */
export function inWords({ title, values, text }: Series): string {
  const sorted = told({ values }).toSorted((one, other) => one - other);
  const [least] = sorted;
  const most = sorted.at(-1);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  const last = told({ values }).at(-1);
  const of = `${title} of the last ${number(values.length)} runs`;
  if (least === undefined || most === undefined || median === undefined || last === undefined)
    return `${of}: no figures`;
  return `${of}: from ${text(least)} to ${text(most)}, median ${text(median)}, the last ${text(last)}`;
}
