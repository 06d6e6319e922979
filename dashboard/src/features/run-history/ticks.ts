/** Where the time axis is marked: at round times of the viewer's zone, also where its clock changes. Pure. */
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
  const at = new Date(fromMs);
  at.setHours(0, 0, 0, 0);
  const ticks: Tick[] = [];
  while (at.getTime() <= toMs) {
    if (at.getTime() >= fromMs) {
      const label = days ? weekday(at.getTime()) : clock(at.toISOString());
      ticks.push({ at: (at.getTime() - fromMs) / (toMs - fromMs), label });
    }
    if (days) at.setDate(at.getDate() + days);
    else at.setMinutes(at.getMinutes() + minutes);
  }
  return ticks;
}
