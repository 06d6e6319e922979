/** Which page a row or an event is in, whatever each page has. */
import { describe, expect, it } from "vitest";
import { LogIndex } from "./log-index";

describe("the pages of the log", () => {
  const pages = new LogIndex([
    { seq: 90, count: 5 },
    { seq: 60, count: 2 },
    { seq: 31, count: 5 },
  ]);

  it("finds the page of a row", () => {
    expect([0, 4, 5, 6, 7, 11, 99].map((row) => pages.pageOf(row))).toEqual([0, 0, 1, 1, 2, 2, 2]);
    expect([pages.firstRowOf(1), pages.firstRowOf(2), pages.count]).toEqual([5, 7, 12]);
  });

  it("finds the page of an event, once no older one can be it", () => {
    expect([95, 90, 61, 60, 31].map((seq) => pages.pageOfSeq(seq, true))).toEqual([0, 0, 0, 1, 2]);
    expect(pages.pageOfSeq(40, false)).toBe(1);
    expect(pages.pageOfSeq(12, false)).toBeNull();
    expect(pages.pageOfSeq(12, true)).toBe(2);
  });

  it("has no page of nothing", () => {
    expect(new LogIndex([]).pageOf(0)).toBe(0);
    expect(new LogIndex([]).count).toBe(0);
  });
});
