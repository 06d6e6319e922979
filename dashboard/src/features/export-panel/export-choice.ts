/** What somebody chose to take out of a table, and the address of that file. Pure. */
import { onServer } from "../../api/root-path";
import type { operations } from "../../api/schema";

export type Format = NonNullable<NonNullable<operations["exportDataset"]["parameters"]["query"]>["format"]>;

export interface Choice {
  format: Format;
  /** Null: the newest when the download begins. */
  version: number | null;
  /** Null: all. */
  columns: string[] | null;
  /** SQL; empty: all rows. */
  where: string;
  /** Formulas in text are neutralised. */
  isSafe: boolean;
}

export const WHOLE: Choice = { format: "csv", version: null, columns: null, where: "", isSafe: false };

/** As a select element holds no version. */
export const NEWEST = "newest";

export const FORMATS: { format: Format; label: string }[] = [
  { format: "csv", label: "CSV" },
  { format: "parquet", label: "Parquet" },
  { format: "xlsx", label: "Excel (xlsx)" },
  { format: "arrow", label: "Arrow IPC" },
];

export const isSpreadsheet = (format: Format): boolean => format === "csv" || format === "xlsx";

/** As the server is asked; what is not chosen is left out. */
export function exportQuery(choice: Choice) {
  return {
    format: choice.format,
    ...(choice.version !== null && { version: choice.version }),
    ...(choice.columns !== null && { columns: choice.columns }),
    ...(choice.where.trim() !== "" && { where: choice.where }),
    ...(choice.isSafe && isSpreadsheet(choice.format) && { safe: true }),
  };
}

export function exportAddress(dataset: string, choice: Choice): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(exportQuery(choice)))
    for (const one of [value].flat()) search.append(name, String(one));
  return onServer(`/api/datasets/${encodeURIComponent(dataset)}/export?${search}`);
}
