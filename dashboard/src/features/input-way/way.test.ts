/** A file's way as steps: each state ends it in its own way, and the records add up in words. */
import { describe, expect, it } from "vitest";
import type { InputDetail } from "../../api/types";
import { wayOf } from "./way";

const INPUT: InputDetail = {
  id: "78436a64b681da9f5ca815b6263fe112",
  name: "bars_1.csv",
  dataset: "bars",
  state: "merged",
  size: 1200,
  modified_at: null,
  records: 3,
  rows: 2,
  quarantined: 1,
  run_id: "first",
  message: "",
  arrived_at: "2025-12-05T12:14:00Z",
  translated_at: "2025-12-05T12:15:01Z",
  repaired: 1,
  merged_run_id: "second",
  merged_version: 4,
  grew_from: null,
  replaces: null,
  replaced_by: [],
};

const titles = (changes: Partial<InputDetail>): string[] =>
  wayOf({ ...INPUT, ...changes }, null).map(({ title }) => title);

describe("wayOf", () => {
  it("ends where the file stands", () => {
    expect(titles({})).toEqual(["Arrived", "Translated", "Checked", "Merged"]);
    expect(titles({ state: "translated" })).toEqual(["Arrived", "Translated", "Waits for the merger"]);
    expect(titles({ state: "held_back" })).toEqual(["Arrived", "Translated", "Held back"]);
    expect(titles({ state: "retracted" }).at(-1)).toBe("Retracted");
    expect(titles({ state: "replaced" }).at(-1)).toBe("Superseded");
    expect(titles({ state: "quarantined" })).toEqual(["Arrived", "Put aside whole"]);
  });

  it("tells the records as a sum, and which run took each step", () => {
    const [arrived, translated, , merged] = wayOf(INPUT, null);
    expect(translated?.words).toBe("3 records = 2 rows + 1 put aside; 1 mended");
    expect(merged?.words).toBe("2 rows into bars, version 4");
    expect([arrived?.runId, translated?.runId, merged?.runId]).toEqual([null, "first", "second"]);
    // Of a run that nobody remembers the time is not known.
    expect(merged?.at).toBeNull();
  });
});
