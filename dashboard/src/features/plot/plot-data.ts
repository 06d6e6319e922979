/** Points as they are drawn and as they are told in words. Pure. */
import type { Plotted, PlottedSeries } from "../../api/types";

export interface Point {
  at: number;
  value: number;
}

/** What a span of time comes to: exact, since no column of pixels is cut by its ends. */
export interface Bucket {
  fromMs: number;
  first: Point;
  last: Point;
  least: Point;
  greatest: Point;
}

type Values = (number | undefined)[];

/** With the points before and after the span: lines come from one, and go to the other. */
function drawn({ time, value, before, after }: PlottedSeries): { time: number[]; value: number[] } {
  const [from, to] = [before ? [before] : [], after ? [after] : []];
  return {
    time: [...from.map((point) => point.time), ...time, ...to.map((point) => point.time)],
    value: [...from.map((point) => point.value), ...value, ...to.map((point) => point.value)],
  };
}

/** All series over one axis of time, each of whose points has a place of its own: where another one's is, there is none. */
export function aligned(plotted: readonly PlottedSeries[]): [number[], ...Values[]] {
  const series = plotted.map(drawn);
  const [only] = series;
  if (only && series.length === 1) return [only.time, only.value];
  const points = series.flatMap(({ time }, number) => time.map((at, place) => ({ at, number, place })));
  points.sort((one, other) => one.at - other.at);
  const values = series.map((): Values => new Array(points.length).fill(undefined));
  points.forEach(({ number, place }, index) => {
    const line = values[number];
    if (line) line[index] = series[number]?.value[place];
  });
  return [points.map(({ at }) => at), ...values];
}

/** Which of the times lie in the span: the place of the first, and how many there are. */
export function within(
  times: readonly number[],
  fromMs: number,
  toMs: number,
): { first: number; count: number } {
  const first = times.findIndex((at) => at >= fromMs);
  const last = times.findLastIndex((at) => at <= toMs);
  return first < 0 || last < first ? { first: 0, count: 0 } : { first, count: last - first + 1 };
}

export function pointsOf({ time, value }: PlottedSeries): Point[] {
  return time.map((at, place) => ({ at, value: value[place] ?? Number.NaN }));
}

/** First, last, least and greatest; null without a point. */
export function facts(points: readonly Point[]): Omit<Bucket, "fromMs"> | null {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return null;
  const least = points.reduce((one, other) => (other.value < one.value ? other : one));
  const greatest = points.reduce((one, other) => (other.value > one.value ? other : one));
  return { first, last, least, greatest };
}

/** The span in about `wanted` parts, each of whole columns of pixels; those without a point are left out. */
export function buckets(
  { from, to }: Plotted,
  series: PlottedSeries,
  columns: number,
  wanted: number,
): Bucket[] {
  if (from === null || to === null) return [];
  const perBucket = Math.max(1, Math.ceil(columns / wanted));
  const span = Math.max(to - from, Number.MIN_VALUE);
  const byPlace = new Map<number, Point[]>();
  for (const point of pointsOf(series)) {
    const column = Math.min(columns - 1, Math.floor(((point.at - from) / span) * columns));
    const place = Math.floor(column / perBucket);
    const others = byPlace.get(place);
    if (others) others.push(point);
    else byPlace.set(place, [point]);
  }
  return [...byPlace].flatMap(([place, points]) => {
    const found = facts(points);
    return found ? [{ fromMs: from + (span * place * perBucket) / columns, ...found }] : [];
  });
}
