/** What the address of a table's page keeps: the part that is shown, and what of its rows. */

export const PARTS = [
  { part: "rows", label: "Rows" },
  { part: "columns", label: "Columns" },
  { part: "checks", label: "Checks" },
  { part: "history", label: "History" },
] as const;

export type Part = (typeof PARTS)[number]["part"];

export interface DatasetSearch {
  /** Rows without it. */
  part?: Exclude<Part, "rows">;
  sort?: string;
  descending?: true;
  where?: string;
  offset?: number;
  /** The newest without it. */
  version?: number;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== "";
const isPart = (value: unknown): value is Exclude<Part, "rows"> =>
  value !== "rows" && PARTS.some(({ part }) => part === value);

/** Total: what is not understood is left out. A name or a filter that reads as a number is a text still. */
export function readDatasetSearch(search: Record<string, unknown>): DatasetSearch {
  const { part, descending, offset, version } = search;
  const sort = typeof search.sort === "number" ? String(search.sort) : search.sort;
  const where =
    typeof search.where === "number" || typeof search.where === "boolean"
      ? String(search.where)
      : search.where;
  return {
    ...(isPart(part) && { part }),
    ...(isText(sort) && { sort, ...(descending === true && { descending }) }),
    ...(isText(where) && { where }),
    ...(isCount(offset) && offset > 0 && { offset }),
    ...(isCount(version) && { version }),
  };
}
