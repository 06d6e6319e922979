/** Where the time axis is marked: at round times of the viewer's zone, also where its clock changes. Pure. */
import { daysLater, minutesLater, startOfDay } from "../../ui/calendar";
import { clock, weekday } from "../../ui/format";
import type { Frame, Zoom } from "./runs-search";

const STEP: Record<Zoom, { minutes?: number; days?: number }> = {
  hour: { minutes: 10 },
  day: { minutes: 180 },
  week: { days: 1 },
  month: { days: 5 },
};

export interface Tick {
  /** In shares of the frame. */
  at: number;
  label: string;
}

export function ticksOf({ fromMs, toMs }: Frame, zoom: Zoom): Tick[] {
  const { minutes = 0, days = 0 } = STEP[zoom];
  const ticks: Tick[] = [];
  let at = startOfDay(fromMs);
  while (at <= toMs) {
    if (at >= fromMs) {
      const label = days ? weekday(at) : clock(new Date(at).toISOString());
      ticks.push({ at: (at - fromMs) / (toMs - fromMs), label });
    }
    at = days ? daysLater(at, days) : minutesLater(at, minutes);
  }
  return ticks;
}
