/** The fold of events to the status, rule by rule. */
import { describe, expect, it } from "vitest";
import type { RunState } from "../api/types";
import { Recorder } from "../testing/events";
import { fold, INITIAL_STATUS, isActive } from "./reducer";

describe("the fold", () => {
  it("counts a stage's success, and the rows only once", () => {
    const log = new Recorder();
    log.startRun();
    log.add("translator", "start", "", { attempt: 1 });
    log.add("translator", "progress", "", { done: 3, total: 5 });
    expect(log.status.stage).toBe("translator");
    expect(log.status.progress).toBeCloseTo(0.2);
    log.add("translator", "success", "Translated 5 files", {
      files_processed: 5,
      records: 12,
      rows: 10,
      quarantined: 2,
    });
    log.add("merger", "success", "", { rows: 10, inserted: 9, updated: 1, unchanged: 0, held_back: 0 });
    expect(log.status.counts).toMatchObject({
      records: 12,
      rows: 10,
      quarantined: 2,
      inserted: 9,
      updated: 1,
    });
  });

  it("keeps what belongs to another run, or to no run, out of this one", () => {
    const log = new Recorder();
    log.startRun();
    const before = log.status;
    const foreign = {
      ...log.add("translator", "start", "", { attempt: 1 }),
      run_id: "20250101T000000Z-000000",
    };
    expect(fold([foreign], before)).toEqual({ ...before, version: foreign.seq });
  });

  it.each<RunState>(["success", "failed", "stopped", "idle"])(
    "S3: nothing is at work once it is %s",
    (state) => {
      const log = new Recorder();
      log.startRun();
      log.add("translator", "start", "", { attempt: 1 });
      log.become(state);
      expect(isActive(log.status.state)).toBe(false);
      expect(log.status.stage).toBeNull();
    },
  );

  it("E2: takes an event of a kind that it does not know", () => {
    const log = new Recorder();
    log.startRun();
    log.add("translator", "levitated", "");
    expect(log.status.version).toBe(3);
    expect(fold([], INITIAL_STATUS)).toBe(INITIAL_STATUS);
  });
});
