/** Days and hours by the clock that the viewer chose: their zone's, or UTC. */
import { appearance } from "./appearance";

const isUtc = (): boolean => appearance().zone === "utc";

export const viewerZone = (): string =>
  isUtc() ? "UTC" : new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Writes dates in the viewer's zone, whichever it is by then. */
export function inViewerZone(options: Intl.DateTimeFormatOptions) {
  const local = new Intl.DateTimeFormat(undefined, options);
  const utc = new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" });
  return { format: (date: Date): string => (isUtc() ? utc : local).format(date) };
}

/** `minutes` after the beginning of the day in which `ms` lies, by the clock on the wall. */
export const atMinute = (ms: number, minutes: number): number =>
  isUtc() ? new Date(ms).setUTCHours(0, minutes, 0, 0) : new Date(ms).setHours(0, minutes, 0, 0);

export const startOfDay = (ms: number): number => atMinute(ms, 0);

/** So many days later, at the same time by the clock on the wall. */
export function daysLater(ms: number, days: number): number {
  const at = new Date(ms);
  return isUtc() ? at.setUTCDate(at.getUTCDate() + days) : at.setDate(at.getDate() + days);
}

/** So many minutes later, by the clock on the wall. */
export function minutesLater(ms: number, minutes: number): number {
  const at = new Date(ms);
  return isUtc() ? at.setUTCMinutes(at.getUTCMinutes() + minutes) : at.setMinutes(at.getMinutes() + minutes);
}

/** Minutes since midnight, by the clock on the wall. */
export function minuteOfDay(ms: number): number {
  const at = new Date(ms);
  return isUtc() ? at.getUTCHours() * 60 + at.getUTCMinutes() : at.getHours() * 60 + at.getMinutes();
}

export const yearOf = (ms: number): number =>
  isUtc() ? new Date(ms).getUTCFullYear() : new Date(ms).getFullYear();

/** A time as a `datetime-local` field has it, to the minute. */
export function toField(at: string | undefined): string {
  if (!at) return "";
  const date = new Date(at);
  const offsetMs = isUtc() ? 0 : date.getTimezoneOffset() * 60_000;
  return new Date(date.getTime() - offsetMs).toISOString().slice(0, 16);
}

/** What such a field has, as a time with its zone. */
export function fromField(text: string): string {
  const date = new Date(isUtc() ? `${text}Z` : text);
  return Number.isFinite(date.getTime()) ? date.toISOString() : "";
}
