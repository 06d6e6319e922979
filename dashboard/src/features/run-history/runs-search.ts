/** What the address of the page says: which runs, and which span of time. Pure. */
import type { RunState, Trigger } from "../../api/types";
import { RUN_ICON } from "../../ui/tone";
import { TRIGGERS } from "../metrics-panel/wording";

export const ZOOMS = ["hour", "day", "week", "month"] as const;
export type Zoom = (typeof ZOOMS)[number];
export const FIRST_ZOOM: Zoom = "day";

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const SPAN_MS: Record<Zoom, number> = {
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
};

/** How far the frame moves on at once while it follows the clock: a new frame is a new question to the server. */
const STEP_MS: Record<Zoom, number> = {
  hour: HOUR_MS / 12,
  day: HOUR_MS / 4,
  week: HOUR_MS,
  month: HOUR_MS,
};

/** The states that runs of the past can be in, and those of the one under way. */
export const STATES = ["success", "failed", "stopped", "running"] as const satisfies readonly RunState[];

export interface RunsSearch {
  state?: RunState;
  trigger?: Trigger;
  zoom?: Zoom;
  /** Where the timeline ends; now where it is left out. */
  until?: string;
}

const known = <T extends string>(value: unknown, names: readonly T[]): T | undefined =>
  names.find((name) => name === value);

/** Whatever stands in the address: what is not understood is as if it were not there, and so are the defaults. */
export function readRunsSearch(search: Record<string, unknown>): RunsSearch {
  const state = known(search.state, Object.keys(RUN_ICON) as RunState[]);
  const trigger = known(search.trigger, Object.keys(TRIGGERS) as Trigger[]);
  const zoom = known(search.zoom, ZOOMS);
  const untilMs = typeof search.until === "string" ? Date.parse(search.until) : Number.NaN;
  return {
    ...(state && { state }),
    ...(trigger && { trigger }),
    ...(zoom && zoom !== FIRST_ZOOM && { zoom }),
    ...(Number.isFinite(untilMs) && { until: new Date(untilMs).toISOString() }),
  };
}

/** A span of time, in milliseconds since the epoch. */
export interface Frame {
  fromMs: number;
  toMs: number;
}

export function frameOf({ zoom = FIRST_ZOOM, until }: RunsSearch, nowMs: number): Frame {
  const step = STEP_MS[zoom];
  const toMs = until ? Date.parse(until) : Math.ceil(nowMs / step) * step;
  return { fromMs: toMs - SPAN_MS[zoom], toMs };
}

/** The address after half a span back (-1) or on (1); from where now is in sight it follows the clock again. */
export function moved(search: RunsSearch, direction: -1 | 1, nowMs: number): RunsSearch {
  const { until: _, ...rest } = search;
  const halfMs = SPAN_MS[search.zoom ?? FIRST_ZOOM] / 2;
  const toMs = frameOf(search, nowMs).toMs + direction * halfMs;
  return toMs >= nowMs ? rest : { ...rest, until: new Date(toMs).toISOString() };
}

/** The address with a span of another length whose middle is `atMs`. */
export function zoomedTo(search: RunsSearch, zoom: Zoom, atMs: number, nowMs: number): RunsSearch {
  const { until: _, zoom: __, ...rest } = search;
  const toMs = atMs + SPAN_MS[zoom] / 2;
  return readRunsSearch({ ...rest, zoom, ...(toMs < nowMs && { until: new Date(toMs).toISOString() }) });
}
