/** A plot in words: which rows it draws, which it does not, and why. Pure. */
import type { Plotted, PlottedSeries } from "../../api/types";
import { counted, number } from "../../ui/format";
import type { Choice } from "./plot-choice";
import { type aligned, facts, pointsOf } from "./plot-data";
import { exactTime } from "./plot-times";

/** "328,521 of 336,776 rows drawn …; 8,255 without a value" */
export function rowsInWords({
  rows,
  drawn,
  nulls,
  not_finite,
  without_time,
  outside,
  ...more
}: Plotted): string {
  const left = [
    [nulls, "without a value"],
    [not_finite, "not a finite number"],
    [without_time, "without a time"],
    [outside, "of another time"],
  ] as const;
  const words = left.filter(([count]) => count > 0).map(([count, why]) => `${number(count)} ${why}`);
  const points = more.series.reduce((sum, { time }) => sum + time.length, 0);
  const how = more.downsampled ? `, by ${number(points)} points that cover the same pixels` : "";
  return [`${number(drawn)} of ${counted(rows, "row")} drawn${how}`, ...words].join("; ");
}

/** "Least −43 at 2013-12-07 20:00:00 UTC, greatest 1,301 at …" */
export function extremesInWords(series: PlottedSeries, timeType: string): string {
  const found = facts(pointsOf(series));
  if (!found) return "No point";
  const [least, greatest] = [found.least, found.greatest].map(
    ({ at, value }) => `${number(value)} at ${exactTime(at, timeType)}`,
  );
  return `least ${least}, greatest ${greatest}`;
}

/** The name of a series: a value of the column `by`. */
export const seriesName = (name: string | null, column: string, by: string | undefined): string =>
  by === undefined ? column : (name ?? "null");

/** "2013-03-01 05:00:00 UTC · EWR 12": the point at a place of the axis. */
export function pointInWords(
  plotted: Plotted,
  [times, ...lines]: ReturnType<typeof aligned>,
  index: number,
  { column, by }: Choice,
): string {
  const at = times[index];
  if (at === undefined) return "";
  const values = plotted.series.flatMap(({ name }, place) => {
    const value = lines[place]?.[index];
    return value === undefined ? [] : [`${seriesName(name, column, by)} ${number(value)}`];
  });
  return `${exactTime(at, plotted.time_type)} · ${values.join(", ")}`;
}
