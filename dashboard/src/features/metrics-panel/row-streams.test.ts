/** The picture of a run's rows: nothing that is there is left out, and nothing is drawn outside of it. */
import { describe, expect, it } from "vitest";
import type { Run } from "../../api/types";
import { bandsOf, HEIGHT, WIDTH } from "./row-streams";

const NOTHING: Run["counts"] = {
  files_processed: 1,
  records: 0,
  rows: 0,
  quarantined: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  held_back: 0,
};

const names = (counts: Partial<Run["counts"]>) => bandsOf({ ...NOTHING, ...counts }).map(({ key }) => key);

/** Every point of the paths; the last one of a post is told by lengths. */
const numbers = (path: string): number[] => [...path.matchAll(/-?[\d.]+/g)].map(([text]) => Number(text));

describe("the streams", () => {
  it("are none where no row is", () => {
    expect(bandsOf(NOTHING)).toEqual([]);
  });

  it("show a single bad record among a hundred million", () => {
    const counts = { records: 1e8, rows: 1e8 - 1, quarantined: 1, inserted: 1e8 - 1 };
    expect(names(counts)).toEqual(["raw", "rows", "quarantined", "translated", "inserted", "merged"]);
    const quarantined = bandsOf({ ...NOTHING, ...counts }).find(({ key }) => key === "quarantined");
    const ys = numbers(quarantined?.path ?? "");
    expect(Math.max(...ys.filter((y) => y <= HEIGHT))).toBe(HEIGHT);
  });

  it("show rows of earlier runs, and those that are held back", () => {
    expect(names({ records: 10, rows: 10, inserted: 12, unchanged: 5, held_back: 3 })).toEqual([
      "raw",
      "rows",
      "translated",
      "earlier",
      "inserted",
      "unchanged",
      "held back",
      "merged",
    ]);
  });

  it("stay within the picture, whatever the counts are", () => {
    for (let seed = 1; seed < 500; seed += 1) {
      const some = (factor: number) => ((seed * factor) % 7) ** ((seed * factor) % 5);
      const counts = {
        records: some(3) + some(11),
        rows: some(3),
        quarantined: some(11),
        inserted: some(13),
        updated: some(17),
        unchanged: some(19),
        held_back: some(23),
      };
      for (const { path, key } of bandsOf({ ...NOTHING, ...counts })) {
        expect(Math.max(...numbers(path)), `${key} of ${JSON.stringify(counts)}`).toBeLessThanOrEqual(WIDTH);
        expect(path).not.toContain("NaN");
      }
    }
  });
});
