/**
 * A list higher than browsers let a box be: where a row stands, and which place of the list a scrollbar's place is. Pure.
 *
 * Steps of the wheel and of keys move by as many pixels as in any other list; a drag of the scrollbar goes to its share of the
 * whole. Near both ends a pixel of the bar is one of the list, so that the ends are reached as everywhere.
 */

/** Firefox takes 17.8 million. */
export const TALLEST_PX = 10_000_000;
const END_PX = 200_000;
/** What moves further at once is a drag, a click on the bar, Home or End. */
const VIEWS_OF_A_STEP = 2;

/** Rows of one height, a few of them opened to another. */
export class Heights {
  readonly count: number;
  readonly rowPx: number;
  readonly totalPx: number;
  /** What the box is high: as the list, up to what browsers take. */
  readonly boxPx: number;
  readonly #open: readonly { index: number; morePx: number }[];

  constructor(count: number, rowPx: number, open: ReadonlyMap<number, number> = new Map()) {
    this.count = count;
    this.rowPx = rowPx;
    this.#open = [...open]
      .map(([index, heightPx]) => ({ index, morePx: heightPx - rowPx }))
      .sort((a, b) => a.index - b.index);
    this.totalPx = this.startOf(count);
    this.boxPx = Math.min(this.totalPx, TALLEST_PX);
  }

  startOf(index: number): number {
    let px = index * this.rowPx;
    for (const open of this.#open) if (open.index < index) px += open.morePx;
    return px;
  }

  indexAt(px: number): number {
    let rest = px;
    for (const { index, morePx } of this.#open) {
      const startPx = index * this.rowPx;
      if (rest < startPx + this.rowPx) break;
      if (rest < startPx + this.rowPx + morePx) return index;
      rest -= morePx;
    }
    return Math.max(0, Math.min(this.count - 1, Math.floor(rest / this.rowPx)));
  }
}

/** `topPx` of the list is in view, and stands `offsetPx` higher in the box than in the list. */
export interface Place {
  topPx: number;
  offsetPx: number;
}

export const TOP: Place = { topPx: 0, offsetPx: 0 };

const between = (value: number, least: number, most: number) => Math.max(least, Math.min(most, value));

/** Where the bar stands for a place of the list. */
export function barOf(topPx: number, { totalPx, boxPx }: Heights, viewPx: number): number {
  if (totalPx <= boxPx) return topPx;
  const [most, bar] = [totalPx - viewPx, boxPx - viewPx];
  if (topPx <= END_PX) return topPx;
  if (topPx >= most - END_PX) return bar - (most - topPx);
  return END_PX + ((topPx - END_PX) / (most - 2 * END_PX)) * (bar - 2 * END_PX);
}

/** The place of the list for one of the bar. */
export function topOf(barPx: number, { totalPx, boxPx }: Heights, viewPx: number): number {
  if (totalPx <= boxPx) return barPx;
  const [most, bar] = [totalPx - viewPx, boxPx - viewPx];
  if (barPx <= END_PX) return barPx;
  if (barPx >= bar - END_PX) return most - (bar - barPx);
  return END_PX + ((barPx - END_PX) / (bar - 2 * END_PX)) * (most - 2 * END_PX);
}

/** After the bar was moved to `barPx`. */
export function scrolled(place: Place, barPx: number, heights: Heights, viewPx: number): Place {
  if (heights.totalPx <= heights.boxPx) return { topPx: barPx, offsetPx: 0 };
  const stepPx = barPx - (place.topPx - place.offsetPx);
  const topPx =
    Math.abs(stepPx) > VIEWS_OF_A_STEP * viewPx ? topOf(barPx, heights, viewPx) : place.topPx + stepPx;
  const kept = between(topPx, 0, heights.totalPx - viewPx);
  return { topPx: kept, offsetPx: kept - barPx };
}

/** Whether the bar is at an end and the list is not: it cannot be moved further before it is set right. */
export function isStuck(
  { topPx }: Place,
  barPx: number,
  { totalPx, boxPx }: Heights,
  viewPx: number,
): boolean {
  const isAtTop = barPx <= 0 && topPx > 0;
  return isAtTop || (barPx >= boxPx - viewPx - 1 && topPx < totalPx - viewPx - 1);
}
