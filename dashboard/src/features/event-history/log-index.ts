/** Which page of the log holds which row, from how many events each page has. Pure. */

/** As `GET /api/events/pages` tells it: its newest event, and how many it has. */
export interface LogPage {
  seq: number;
  count: number;
}

export class LogIndex {
  readonly pages: readonly LogPage[];
  readonly count: number;
  /** Of each page the number of the row that it begins with. */
  readonly #firsts: number[] = [];

  constructor(pages: readonly LogPage[]) {
    this.pages = pages;
    let count = 0;
    for (const page of pages) {
      this.#firsts.push(count);
      count += page.count;
    }
    this.count = count;
  }

  firstRowOf(page: number): number {
    return this.#firsts[page] ?? this.count;
  }

  /** The page that a row is in. */
  pageOf(row: number): number {
    return lastWhere(this.#firsts.length, (page) => (this.#firsts[page] ?? 0) <= row);
  }

  /** The page that an event would be in; null where older pages may be to come. */
  pageOfSeq(seq: number, isWhole: boolean): number | null {
    const page = lastWhere(this.pages.length, (each) => (this.pages[each]?.seq ?? 0) >= seq);
    return page < this.pages.length - 1 || isWhole ? page : null;
  }
}

/** The last of `count` places for which `holds` is true; it is true of the first ones only. 0 where it is of none. */
function lastWhere(count: number, holds: (place: number) => boolean): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
