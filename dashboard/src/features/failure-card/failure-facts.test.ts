/** What the failure card says, from runs and events alone. */
import { describe, expect, it } from "vitest";
import { INITIAL_STATUS } from "../../live/reducer";
import { aRun, Recorder } from "../../testing/events";
import { changedFigures, columnsIn, lastLines, nextByItself, schemaChanges } from "./failure-facts";

const read = (columns: Record<string, string>) =>
  columnsIn([new Recorder().add("translator", "log", "bars.csv", { dataset: "bars", columns })]);

describe("the failure card", () => {
  it("names columns that are new, gone or of another type", () => {
    const before = read({ a: "BIGINT", b: "BIGINT" });
    expect(schemaChanges(read({ a: "VARCHAR", c: "DATE" }), before)).toEqual([
      "bars: a is VARCHAR, and was BIGINT",
      "bars: c (DATE) is new",
      "bars: b is gone",
    ]);
    expect(schemaChanges(before, before)).toEqual([]);
    expect(schemaChanges(read({ a: "BIGINT" }), new Map())).toEqual([]);
  });

  it("names the figures that differ, and no others", () => {
    const before = aRun("success");
    const run = aRun("failed", { counts: { ...before.counts, files_processed: 3, quarantined: 2 } });
    expect(changedFigures(run, before)).toEqual(["Files 3 (+3)", "Quarantined 2 (+2)"]);
    expect(changedFigures(before, before)).toEqual([]);
  });

  it("keeps the last lines in their order, without what only repeats", () => {
    const log = new Recorder();
    log.add("translator", "log", "one");
    log.add("translator", "log", "two");
    log.add("translator", "progress", "1 of 2", { done: 1, total: 2 });
    log.add("translator", "error", "three");
    log.add("translator", "failed", "broken");
    log.add("pipeline", "log", "the run is sealed");
    expect(lastLines(log.events.toReversed(), 2).map(({ msg }) => msg)).toEqual(["two", "three"]);
  });

  it("says what happens by itself", () => {
    const schedule = { ...INITIAL_STATUS.schedule, next_run_at: new Date(2025, 11, 5, 12, 30).toISOString() };
    expect(nextByItself({ schedule })).toMatch(/^At 12:30 the next run starts/);
    expect(nextByItself({ schedule: { ...schedule, paused: true } })).toMatch(/the schedule is paused/);
    const byFiles = { ...schedule, next_run_at: null, configured: { trigger: "arrival" } };
    expect(nextByItself({ schedule: byFiles })).toMatch(/^When further files arrive/);
  });
});
