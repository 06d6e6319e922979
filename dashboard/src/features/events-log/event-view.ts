/** How an event is judged and which events a filter lets through. Pure. */
import type { EventRecord } from "../../api/types";
import type { Tone } from "../../ui/tone";

export type Severity = "routine" | "info" | "good" | "warning" | "error";

export const SEVERITY_TONE: Record<Severity, Tone> = {
  routine: "idle",
  info: "idle",
  good: "ok",
  warning: "warn",
  error: "bad",
};

const BY_KIND: Record<string, Severity> = {
  failed: "error",
  error: "error",
  retry: "warning",
  skipped: "warning",
  stop: "warning",
  success: "good",
  progress: "routine",
  heartbeat: "routine",
  state: "routine",
};

const BY_LEVEL: Record<string, Severity> = {
  debug: "routine",
  warning: "warning",
  error: "error",
  critical: "error",
};

/** By the kind and the level of the event, never by its words. A kind that is not known here is shown. */
export function severityOf({ event, data }: EventRecord): Severity {
  if (event === "log" && typeof data.level === "string") return BY_LEVEL[data.level] ?? "info";
  return BY_KIND[event] ?? "info";
}

/** `activity` leaves out what only repeats (progress, heartbeats, state); failures are in each of the three. */
export type Scope = "activity" | "problems" | "all";

export interface Filter {
  scope: Scope;
  stage: string | null;
  text: string;
}

function isInScope(event: EventRecord, scope: Scope): boolean {
  if (scope === "all") return true;
  const severity = severityOf(event);
  if (scope === "activity") return severity !== "routine";
  return severity === "error" || severity === "warning";
}

const searchTexts = new WeakMap<EventRecord, string>();

/** All that can be searched for in an event, its data too. Kept, as the list is filtered anew with each event. */
function searchTextOf(event: EventRecord): string {
  let text = searchTexts.get(event);
  if (text === undefined) {
    const { stage, event: kind, msg, run_id, data } = event;
    text = `${stage} ${kind} ${msg} ${run_id ?? ""} ${JSON.stringify(data)}`.toLowerCase();
    searchTexts.set(event, text);
  }
  return text;
}

export function filtered(
  events: readonly EventRecord[],
  { scope, stage, text }: Filter,
): readonly EventRecord[] {
  const needle = text.trim().toLowerCase();
  if (scope === "all" && stage === null && needle === "") return events;
  return events.filter(
    (event) =>
      isInScope(event, scope) &&
      (stage === null || event.stage === stage) &&
      (needle === "" || searchTextOf(event).includes(needle)),
  );
}
