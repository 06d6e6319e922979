/** What the address of a table's page keeps: the part that is shown, what of its rows, and what is plotted. */

export const PARTS = [
  { part: "rows", label: "Rows" },
  { part: "plot", label: "Plot" },
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
  /** The column that is plotted, the one of its times, and the one whose values are series of their own. */
  column?: string;
  time?: string;
  by?: string;
  /** The span that is plotted: RFC 3339, in UTC. */
  from?: string;
  to?: string;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== "";
const isPart = (value: unknown): value is Exclude<Part, "rows"> =>
  value !== "rows" && PARTS.some(({ part }) => part === value);

/** A name or a filter that reads as a number or a truth is a text still. */
const asText = (value: unknown): unknown =>
  typeof value === "number" || typeof value === "boolean" ? String(value) : value;
const asTime = (value: unknown): string | null => {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
};

/** Total: what is not understood is left out. */
export function readDatasetSearch(search: Record<string, unknown>): DatasetSearch {
  const { part, descending, offset, version } = search;
  const [sort, where, column, time, by] = [
    search.sort,
    search.where,
    search.column,
    search.time,
    search.by,
  ].map(asText);
  const [from, to] = [asTime(search.from), asTime(search.to)];
  return {
    ...(isPart(part) && { part }),
    ...(isText(sort) && { sort, ...(descending === true && { descending }) }),
    ...(isText(where) && { where }),
    ...(isCount(offset) && offset > 0 && { offset }),
    ...(isCount(version) && { version }),
    ...(isText(column) && { column }),
    ...(isText(time) && { time }),
    ...(isText(by) && { by }),
    ...(from && { from }),
    ...(to && { to }),
  };
}
