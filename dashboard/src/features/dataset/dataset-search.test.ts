/** E24: whatever stands in the address, the page can be drawn from it. */
import { describe, expect, it } from "vitest";
import { readDatasetSearch } from "./dataset-search";
import { nextSort } from "./row-table";

describe("readDatasetSearch", () => {
  it("keeps what it understands", () => {
    const search = { part: "history", sort: "a", descending: true, where: "a > 1", offset: 100, version: 0 };
    expect(readDatasetSearch(search)).toEqual(search);
    const plot = { part: "plot", column: "a", time: "t", by: "b", from: "2024-01-01T00:00:00.000Z" };
    expect(readDatasetSearch({ ...plot, to: "yesterday" })).toEqual(plot);
  });

  it("leaves out what is none, or is the default", () => {
    expect(
      readDatasetSearch({ part: "rows", descending: true, where: " ", offset: -1, version: 1.5, more: 1 }),
    ).toEqual({});
    expect(readDatasetSearch({ part: "no", sort: [], offset: 0, version: "1" })).toEqual({});
  });

  it("takes a name or a filter that reads as a number or a truth for the text that it is", () => {
    expect(readDatasetSearch({ sort: 2024, where: true })).toEqual({ sort: "2024", where: "true" });
  });
});

describe("nextSort", () => {
  it("goes up, down, and back to the order of the files, each from the first row on", () => {
    const up = nextSort({ where: "b", offset: 200 }, "a");
    expect(up).toEqual({ where: "b", sort: "a" });
    const down = nextSort({ ...up, offset: 100 }, "a");
    expect(down).toEqual({ where: "b", sort: "a", descending: true });
    expect(nextSort(down, "a")).toEqual({ where: "b" });
    expect(nextSort(down, "c")).toEqual({ where: "b", sort: "c" });
  });
});
