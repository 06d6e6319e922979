/** What the address of the quarantine keeps. */
export interface QuarantineSearch {
  dataset?: string;
  file?: string;
}

/** A name that reads as a number is a text still. */
function named(value: unknown): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.trim() !== "" ? text.trim() : undefined;
}

export function readQuarantineSearch(search: Record<string, unknown>): QuarantineSearch {
  const dataset = named(search.dataset);
  const file = named(search.file);
  return { ...(dataset && { dataset }), ...(file && { file }) };
}
