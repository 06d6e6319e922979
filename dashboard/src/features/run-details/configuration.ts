/** What of the settings and the schedule is other than at an earlier run. Pure. */
import type { EventRecord } from "../../api/types";

interface Change {
  key: string;
  from: unknown;
  to: unknown;
}

const isChange = (value: unknown): value is Change =>
  typeof value === "object" && value !== null && "key" in value && typeof value.key === "string";

/** "runner.attempts is 1, and was 3": what all events together come to; what was changed and changed back is none. */
export function netChanges(events: readonly EventRecord[]): string[] {
  const net = new Map<string, Change>();
  const inOrder = [...events].sort((one, other) => one.seq - other.seq);
  for (const { data } of inOrder) {
    if (!Array.isArray(data.changed)) continue;
    for (const change of data.changed.filter(isChange)) {
      net.set(change.key, { ...change, from: (net.get(change.key) ?? change).from });
    }
  }
  return [...net.values()]
    .filter(({ from, to }) => written(from) !== written(to))
    .map(({ key, from, to }) => `${key} is ${written(to)}, and was ${written(from)}`);
}

const written = (value: unknown): string =>
  typeof value === "string" ? value || "empty" : value == null ? "not set" : JSON.stringify(value);
