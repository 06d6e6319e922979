/** What is drawn, and how it is told in words and as a table. */
import { describe, expect, it } from "vitest";
import type { Dataset, Plotted, PlottedSeries } from "../../api/types";
import { choiceOf } from "./plot-choice";
import { aligned, buckets, within } from "./plot-data";
import { askedSpan, moved, spanned, zoomed } from "./plot-span";
import { axisLabels, exactTime, fieldOf, msOf } from "./plot-times";
import { extremesInWords, pointInWords, rowsInWords } from "./plot-words";

const SERIES = [
  { name: "EWR", rows: 900, time: [0, 0, 40, 99], value: [1, 5, -2, 3], before: null, after: null },
  { name: null, rows: 7, time: [10, 99], value: [8, 9], before: null, after: null },
];

const PLOTTED: Plotted = {
  version: 3,
  value_type: "BIGINT",
  time_type: "TIMESTAMP WITH TIME ZONE",
  from: 0,
  to: 100,
  rows: 1000,
  drawn: 907,
  nulls: 90,
  not_finite: 2,
  without_time: 0,
  outside: 1,
  downsampled: true,
  series: SERIES,
  others: { series: 0, rows: 0 },
};

const dataset = (columns: Record<string, string>, keys: string[] = []): Dataset => ({
  name: "bars",
  rows: 1,
  size_bytes: 1,
  version: 1,
  updated_at: "2025-12-05T12:15:00Z",
  files: 1,
  columns: Object.entries(columns).map(([name, type]) => ({ name, type })),
  keys,
});

describe("points", () => {
  it("of several series share one axis, also those of one time", () => {
    const [times, ...lines] = aligned(SERIES);
    expect(times).toEqual([0, 0, 10, 40, 99, 99]);
    expect(lines).toEqual([
      [1, 5, undefined, -2, 3, undefined],
      [undefined, undefined, 8, undefined, undefined, 9],
    ]);
    expect(aligned([])).toEqual([[]]);
  });

  it("before and after the span are drawn with the others, and stand outside of it", () => {
    const [one, other] = SERIES as [PlottedSeries, PlottedSeries];
    const entering = { ...one, before: { time: -30, value: 7 }, after: { time: 500, value: 0 } };
    expect(aligned([entering])).toEqual([
      [-30, 0, 0, 40, 99, 500],
      [7, 1, 5, -2, 3, 0],
    ]);
    const [times, ...lines] = aligned([entering, { ...other, after: { time: 101, value: 4 } }]);
    expect(times).toEqual([-30, 0, 0, 10, 40, 99, 99, 101, 500]);
    expect(lines[1]).toEqual([undefined, undefined, undefined, 8, undefined, undefined, 9, 4, undefined]);
    expect(within(times, 0, 100)).toEqual({ first: 1, count: 6 });
    expect(within(times, 102, 400)).toEqual({ first: 0, count: 0 });
  });

  it("come to parts of whole columns of pixels, none of them empty", () => {
    const series = { ...SERIES[0], name: null, rows: 4 } as PlottedSeries;
    const found = buckets(PLOTTED, series, 10, 4);
    // Ten columns in four parts: three columns each.
    expect(found.map(({ fromMs, first, last }) => [fromMs, first.value, last.value])).toEqual([
      [0, 1, 5],
      [30, -2, -2],
      [90, 3, 3],
    ]);
    expect(found[0]?.greatest).toEqual({ at: 0, value: 5 });
    expect(buckets({ ...PLOTTED, from: null, to: null }, series, 10, 4)).toEqual([]);
    expect(buckets({ ...PLOTTED, from: 0, to: 0 }, { ...series, time: [0], value: [1] }, 10, 4)).toHaveLength(
      1,
    );
  });
});

describe("words", () => {
  it("account for every row", () => {
    expect(rowsInWords(PLOTTED)).toBe(
      "907 of 1,000 rows drawn, by 6 points that cover the same pixels; 90 without a value; 2 not a finite number; 1 of another time",
    );
    expect(rowsInWords({ ...PLOTTED, downsampled: false })).toMatch(/^907 of 1,000 rows drawn; 90/);
  });

  it("name the extremes and each point with its exact time", () => {
    const two = { name: null, rows: 2, time: [0, 1], value: [2, -7], before: null, after: null };
    expect(extremesInWords(two, "DATE")).toBe("least -7 at 1970-01-01, greatest 2 at 1970-01-01");
    const choice = { column: "dep_delay", time: "at", by: "origin" };
    expect(pointInWords(PLOTTED, aligned(SERIES), 2, choice)).toBe("1970-01-01 00:00:00.010 UTC · null 8");
    expect(pointInWords(PLOTTED, aligned(SERIES), 6, choice)).toBe("");
  });

  it("say of a time what its column knows of it, and of one that is no date how far off it is", () => {
    expect(exactTime(86_400_000, "TIMESTAMP")).toBe("1970-01-02 00:00:00");
    expect(exactTime(86_400_250, "TIMESTAMP WITH TIME ZONE")).toBe("1970-01-02 00:00:00.250 UTC");
    expect(exactTime(9e15, "DATE")).toBe("9000000000000000 ms");
  });

  it("stand in fields as they are typed, in UTC", () => {
    expect(fieldOf(86_400_250, "TIMESTAMP")).toBe("1970-01-02T00:00:00");
    expect(fieldOf(86_400_250, "DATE")).toBe("1970-01-02");
    expect(fieldOf(9e15, "DATE")).toBe("");
    expect([msOf("1970-01-02T00:00:01"), msOf("1970-01-02T00:01"), msOf("1970-01-02"), msOf("")]).toEqual([
      86_401_000,
      86_460_000,
      86_400_000,
      null,
    ]);
  });

  it("mark the axis by its step, with the day and the year where they begin", () => {
    const day = 86_400_000;
    expect(axisLabels([0, 366 * day], 366 * day)).toEqual(["1970", "1971"]);
    expect(axisLabels([0, 31 * day], 31 * day)).toEqual(["Jan 1970", "Feb 1970"]);
    expect(axisLabels([0, day], day)).toEqual(["Jan 1\n1970", "Jan 2"]);
    expect(axisLabels([day - 60_000, day, day + 60_000], 60_000)).toEqual([
      "23:59\nJan 1 1970",
      "00:00\nJan 2",
      "00:01",
    ]);
    expect(axisLabels([0, 250], 250)).toEqual(["00:00:00.000\nJan 1 1970", "00:00:00.250"]);
  });
});

describe("span", () => {
  it("is zoomed about a point, moved by half, and never empty", () => {
    expect(zoomed({ fromMs: 0, toMs: 100 }, 0.5, 20)).toEqual({ fromMs: 10, toMs: 60 });
    expect(moved({ fromMs: 0, toMs: 100 }, -1)).toEqual({ fromMs: -50, toMs: 50 });
    expect(spanned({ part: "plot" }, { fromMs: 5.2, toMs: 5.3 })).toEqual({
      part: "plot",
      from: "1970-01-01T00:00:00.005Z",
      to: "1970-01-01T00:00:00.006Z",
    });
    const { fromMs, toMs } = askedSpan({ to: "2024-01-01T00:00:00Z" });
    expect(fromMs).toBeLessThan(toMs);
  });
});

describe("choice", () => {
  it("is the main time and the first number that is no key, where nobody has chosen", () => {
    const bars = dataset({ id: "BIGINT", day: "DATE", at: "TIMESTAMP", price: "DOUBLE" }, ["id"]);
    expect(choiceOf(bars, {})).toEqual({ column: "price", time: "at", by: undefined });
    expect(choiceOf(bars, { column: "none", time: "day", by: "id" })).toEqual({
      column: "none",
      time: "day",
      by: "id",
    });
    expect(choiceOf(dataset({ day: "DATE", name: "VARCHAR" }), {})).toBeNull();
  });
});
