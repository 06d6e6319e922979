/** What can be plotted of a table, and what is where nobody has chosen. Pure. */
import type { Dataset } from "../../api/types";
import type { DatasetSearch } from "../dataset/dataset-search";

const NUMBERS = /^(INTEGER|BIGINT|DOUBLE|DECIMAL)/;
const MOMENTS = /^TIMESTAMP/;

export interface Choice {
  column: string;
  time: string;
  by: string | undefined;
}

export interface Offered {
  numbers: string[];
  times: string[];
  /** Whose values can be series: neither numbers with a fraction nor times. */
  kinds: string[];
}

export function offered({ columns }: Dataset): Offered {
  const named = (fits: (type: string) => boolean): string[] =>
    columns.filter(({ type }) => fits(type)).map(({ name }) => name);
  return {
    numbers: named((type) => NUMBERS.test(type)),
    times: named((type) => type === "DATE" || MOMENTS.test(type)),
    kinds: named(
      (type) => type === "VARCHAR" || type === "BOOLEAN" || type === "INTEGER" || type === "BIGINT",
    ),
  };
}

/** As the analyzer finds the main time: a key before others, a moment before a day. Null where nothing can be plotted. */
export function choiceOf(dataset: Dataset, { column, time, by }: DatasetSearch): Choice | null {
  const { numbers, times } = offered(dataset);
  const isKey = (name: string): boolean => dataset.keys.includes(name);
  const isMoment = (name: string): boolean =>
    dataset.columns.some((one) => one.name === name && MOMENTS.test(one.type));
  const rank = (name: string): number => (isKey(name) ? 2 : 0) + (isMoment(name) ? 1 : 0);
  const mainTime = times.toSorted((one, other) => rank(other) - rank(one))[0];
  const mainNumber = numbers.find((name) => !isKey(name)) ?? numbers[0];
  if (mainTime === undefined || mainNumber === undefined) return null;
  // A name that is none is the server's to refuse, in words.
  return { column: column ?? mainNumber, time: time ?? mainTime, by };
}
