/** A list higher than browsers let a box be: every place is reached, by steps and by the bar. */
import { describe, expect, it } from "vitest";
import { barOf, Heights, isStuck, type Place, scrolled, TALLEST_PX, TOP, topOf } from "./tall";

const VIEW = 600;
const MANY = new Heights(10_000_000, 28);

describe("the heights of rows", () => {
  const heights = new Heights(100, 28, new Map([[3, 128]]));
  it("knows where each row stands, and which row stands there", () => {
    expect([heights.startOf(3), heights.startOf(4), heights.totalPx]).toEqual([84, 212, 2900]);
    expect([0, 83, 84, 211, 212, 240, 5000].map((px) => heights.indexAt(px))).toEqual([0, 2, 3, 3, 4, 5, 99]);
  });
});

describe("a list higher than its box", () => {
  it("has a box that browsers take", () => expect(MANY.boxPx).toBe(TALLEST_PX));

  it("has for each place one of the bar, and back", () => {
    for (const share of [0, 0.0001, 0.25, 0.5, 0.9999, 1]) {
      const topPx = share * (MANY.totalPx - VIEW);
      expect(topOf(barOf(topPx, MANY, VIEW), MANY, VIEW)).toBeCloseTo(topPx, 3);
    }
    expect(barOf(MANY.totalPx - VIEW, MANY, VIEW)).toBe(MANY.boxPx - VIEW);
  });

  it("goes by pixels in steps, and to its share in a drag", () => {
    const stepped = scrolled(TOP, 120, MANY, VIEW);
    expect(stepped.topPx).toBe(120);
    const dragged = scrolled(stepped, MANY.boxPx / 2, MANY, VIEW);
    expect(dragged.topPx / MANY.totalPx).toBeCloseTo(0.5, 3);
    expect(scrolled(dragged, MANY.boxPx / 2 + 28, MANY, VIEW).topPx - dragged.topPx).toBeCloseTo(28, 3);
    expect(scrolled(dragged, MANY.boxPx - VIEW, MANY, VIEW).topPx).toBe(MANY.totalPx - VIEW);
  });

  it("reaches its beginning by steps from anywhere near", () => {
    let bar = barOf(300_000, MANY, VIEW);
    let place: Place = { topPx: 300_000, offsetPx: 300_000 - bar };
    for (let step = 0; step < 20_000 && place.topPx > 0; step++) {
      bar = Math.max(0, bar - 100);
      place = scrolled(place, bar, MANY, VIEW);
      if (isStuck(place, bar, MANY, VIEW)) {
        bar = barOf(place.topPx, MANY, VIEW);
        place = { ...place, offsetPx: place.topPx - bar };
      }
    }
    expect(place.topPx).toBe(0);
  });
});
