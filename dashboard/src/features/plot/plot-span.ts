/** Which span of time is plotted, and the way to another one. Pure. */
import type { Plotted } from "../../api/types";
import type { DatasetSearch } from "../dataset/dataset-search";

export interface Span {
  fromMs: number;
  toMs: number;
}

export const spanOf = ({ from, to }: Plotted): Span | null =>
  from === null || to === null ? null : { fromMs: from, toMs: to };

// The server takes whole milliseconds here, and a span that ends after it starts.
export function spanned(search: DatasetSearch, { fromMs, toMs }: Span): DatasetSearch {
  const from = Math.floor(fromMs);
  const to = Math.max(from + 1, Math.ceil(toMs));
  return { ...search, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

export function whole({ from: _, to: __, ...rest }: DatasetSearch): DatasetSearch {
  return rest;
}

/** As long times `factor`, about `atMs`, which keeps its place; without it about the middle. */
export function zoomed({ fromMs, toMs }: Span, factor: number, atMs = (fromMs + toMs) / 2): Span {
  return { fromMs: atMs - (atMs - fromMs) * factor, toMs: atMs + (toMs - atMs) * factor };
}

/** Half its length earlier (-1) or later (1). */
export function moved({ fromMs, toMs }: Span, direction: -1 | 1): Span {
  const by = (direction * (toMs - fromMs)) / 2;
  return { fromMs: fromMs + by, toMs: toMs + by };
}

const YEAR_MS = 365 * 86_400_000;

/** Of an address that asks for a span in which there is no row. */
export function askedSpan({ from, to }: DatasetSearch): Span {
  const fromMs = from ? Date.parse(from) : Date.parse(to ?? "") - YEAR_MS;
  return { fromMs, toMs: to ? Date.parse(to) : fromMs + YEAR_MS };
}
