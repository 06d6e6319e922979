/** The marks by the viewer's days and quarter hours. Pure. */
import type { PlannedMark, Slot, Verdict } from "../../api/types";
import { minuteOfDay, startOfDay } from "../../ui/calendar";
import { weekday } from "../../ui/format";
import { DAY_MS, type Frame } from "./runs-search";
import { BY_GRAVITY } from "./verdicts";

export const QUARTERS = 96;

/** One quarter of an hour of one day. It holds one mark, or more where the schedule is denser. */
export interface Cell {
  slots: Slot[];
  planned: PlannedMark[];
  /** The gravest of its marks'; null where none is past. */
  verdict: Verdict | null;
}

export interface Day {
  /** Its beginning in the viewer's zone. */
  atMs: number;
  label: string;
  /** By quarter of an hour; undefined where there is no mark. */
  cells: (Cell | undefined)[];
}

/** So many whole days, up to the one in which `toMs` lies. */
export function daysFrame(toMs: number, days: number): Frame {
  // From noon, as a day may have 23 or 25 hours.
  return { fromMs: startOfDay(startOfDay(toMs) + DAY_MS / 2 - (days - 1) * DAY_MS), toMs };
}

/** The newest day first, those that are planned before it. */
export function daysOf(
  slots: readonly Slot[],
  planned: readonly PlannedMark[],
  { fromMs, toMs }: Frame,
): Day[] {
  const days = new Map<number, Day>();
  const dayAt = (ms: number): Day => {
    const atMs = startOfDay(ms);
    const day = days.get(atMs) ?? { atMs, label: weekday(atMs), cells: Array(QUARTERS).fill(undefined) };
    days.set(atMs, day);
    return day;
  };
  for (let ms = startOfDay(fromMs); ms <= toMs; ms = startOfDay(ms + 1.5 * DAY_MS)) dayAt(ms);
  const cellAt = (mark: string): Cell => {
    const atMs = Date.parse(mark);
    const { cells } = dayAt(atMs);
    const quarter = Math.floor(minuteOfDay(atMs) / 15);
    cells[quarter] ??= { slots: [], planned: [], verdict: null };
    return cells[quarter];
  };
  for (const slot of slots) {
    const cell = cellAt(slot.mark);
    cell.slots.push(slot);
    cell.verdict = BY_GRAVITY.find((each) => each === slot.verdict || each === cell.verdict) ?? null;
  }
  for (const mark of planned) cellAt(mark.mark).planned.push(mark);
  return [...days.values()].sort((one, other) => other.atMs - one.atMs);
}
