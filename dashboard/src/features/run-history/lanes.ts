/** The bars of the timeline: one lane for the runs and one for each stage. Pure. */
import type { RunSpan, RunState, StageState } from "../../api/types";
import { RUN_TONE, STAGE_TONE, type Tone } from "../../ui/tone";
import type { Frame } from "./runs-search";

/** Runs that begin in the same slice of the frame are one bar. */
const SLICES = 180;

export interface Bar {
  /** In shares of the frame, from 0 to 1. */
  from: number;
  to: number;
  /** The gravest of its runs'. */
  tone: Tone;
  /** In the order of time. */
  runs: RunSpan[];
}

export interface Lane {
  /** Null for the runs themselves. */
  stage: string | null;
  bars: Bar[];
}

const GRAVITY: Record<Tone, number> = { bad: 4, warn: 3, run: 2, ok: 1, idle: 0 };

export function lanesOf(runs: readonly RunSpan[], frame: Frame, nowMs: number): Lane[] {
  // The server sorts by id, which tells the second alone.
  const inOrder = runs.toSorted((one, other) => Date.parse(one.started_at) - Date.parse(other.started_at));
  const names = [...new Set(runs.flatMap(({ stages }) => stages.map(({ name }) => name)))];
  return [null, ...names].map((stage) => ({ stage, bars: barsOf(inOrder, stage, frame, nowMs) }));
}

function barsOf(runs: RunSpan[], stage: string | null, frame: Frame, nowMs: number): Bar[] {
  const bars: Bar[] = [];
  for (const run of runs) {
    const bar = barOf(run, stage, frame, nowMs);
    const before = bars.at(-1);
    if (!bar) continue;
    if (before && sliceOf(before) === sliceOf(bar)) merge(before, bar);
    else bars.push(bar);
  }
  return bars;
}

function barOf(run: RunSpan, name: string | null, { fromMs, toMs }: Frame, nowMs: number): Bar | null {
  const told = name === null ? run : run.stages.find((stage) => stage.name === name);
  if (!told?.started_at) return null;
  const share = (ms: number): number => Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs)));
  // A stage that a crash cut short has no end of its own: it has its run's.
  const end = told.ended_at ?? run.ended_at;
  const endMs = end ? Date.parse(end) : nowMs;
  if (endMs < fromMs || Date.parse(told.started_at) > toMs) return null;
  return {
    from: share(Date.parse(told.started_at)),
    to: share(endMs),
    tone: name === null ? RUN_TONE[told.state as RunState] : STAGE_TONE[told.state as StageState],
    runs: [run],
  };
}

const sliceOf = ({ from }: Bar): number => Math.floor(from * SLICES);

function merge(bar: Bar, next: Bar): void {
  bar.to = Math.max(bar.to, next.to);
  bar.runs.push(...next.runs);
  if (GRAVITY[next.tone] > GRAVITY[bar.tone]) bar.tone = next.tone;
}

/** How many runs of each state, the gravest first: [["failed", 1], ["success", 13]] */
export function tally(runs: readonly RunSpan[]): [RunState, number][] {
  const counts = new Map<RunState, number>();
  for (const { state } of runs) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].sort(([one], [other]) => GRAVITY[RUN_TONE[other]] - GRAVITY[RUN_TONE[one]]);
}
