/** How numbers, sizes, times and names are written: in the viewer's locale and zone. */
import { inViewerZone, startOfDay } from "./calendar";

const NUMBER = new Intl.NumberFormat();
const TENTHS = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat(undefined, { style: "percent" });
const CLOCK = inViewerZone({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const CLOCK_SECONDS = inViewerZone({
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DAY = inViewerZone({ day: "numeric", month: "short" });
const WEEKDAY = inViewerZone({ weekday: "short", day: "numeric", month: "short" });

export const number = (value: number): string => NUMBER.format(value);

/** "+5", "−3", "±0" */
export const signed = (value: number): string =>
  value === 0 ? "±0" : `${value > 0 ? "+" : "−"}${number(Math.abs(value))}`;

/** "1 file", "5 files" */
export const counted = (count: number, noun: string): string =>
  `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

/** Whole, and never more than there is: 100 % is all of it. */
export const percent = (share: number): string => PERCENT.format(Math.floor(share * 100) / 100);

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(size: number): string {
  const power = size < 1000 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(size) / 3));
  const value = size / 1000 ** power;
  const written = power > 0 && value < 10 ? TENTHS.format(value) : number(Math.round(value));
  return `${written} ${BYTE_UNITS[power]}`;
}

/** "12:30" */
export const clock = (at: string): string => CLOCK.format(new Date(at));

/** "12:30:04" */
export const clockSeconds = (at: string): string => CLOCK_SECONDS.format(new Date(at));

/** "5 Dec 12:30:04" */
export const daySeconds = (at: string): string => `${DAY.format(new Date(at))} ${clockSeconds(at)}`;

/** "12:30", and the day before it where it is another one than `nowMs`. */
export function moment(at: string, nowMs: number): string {
  const date = new Date(at);
  const isToday = startOfDay(date.getTime()) === startOfDay(nowMs);
  return isToday ? clock(at) : `${DAY.format(date)}, ${clock(at)}`;
}

/** "Fri, 5 Dec" */
export const weekday = (at: number | string): string => WEEKDAY.format(new Date(at));

/** The exact time, for a tooltip. */
export const exactUtc = (at: string): string => `${at.replace("T", " ").replace(/Z|\+00:00$/, "")} UTC`;

/** "0.4 s", "34 s", "2 min 05 s", "3 h 12 min" */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${TENTHS.format(seconds)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** A span in its greatest unit: "42 seconds", "13 minutes", "3 hours", "2 days" */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return counted(seconds, "second");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return counted(minutes, "minute");
  const hours = Math.round(minutes / 60);
  return hours < 48 ? counted(hours, "hour") : counted(Math.round(hours / 24), "day");
}

export const ago = (at: string, nowMs: number): string => {
  const passedMs = nowMs - Date.parse(at);
  return passedMs < 5000 ? "just now" : `${span(passedMs)} ago`;
};

/** "translator" → "Translator", "own_stage" → "Own stage" */
export function titled(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
