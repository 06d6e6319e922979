/** Times of data as they are written: in UTC, or as the table has them where it knows no zone. Pure. */

export const MOMENT = "TIMESTAMP WITH TIME ZONE";
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const YEAR_MS = 365 * DAY_MS;

const utc = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" });
const YEAR = utc({ year: "numeric" });
const MONTH = utc({ month: "short", year: "numeric" });
const DAY = utc({ day: "numeric", month: "short" });
const CLOCK = utc({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const CLOCK_SECONDS = utc({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** "2013-03-01 05:00:00 UTC"; with a fraction where there is one, of a day the date alone, without a zone no word of one. */
export function exactTime(ms: number, type: string): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return `${ms} ms`;
  const [day = "", clock = ""] = date.toISOString().split("T");
  if (type === "DATE") return day;
  return `${day} ${clock.replace(/(\.000)?Z$/, "")}${type === MOMENT ? " UTC" : ""}`;
}

/** As a field of a form has it, in UTC: "2013-03-01T05:00:00", of a day the date alone. Nothing of a time that it cannot hold. */
export function fieldOf(ms: number, type: string): string {
  const date = new Date(ms);
  const isHeld = date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999;
  return isHeld ? date.toISOString().slice(0, type === "DATE" ? 10 : 19) : "";
}

/** What is typed into such a field; null where nothing is. */
export function msOf(typed: string): number | null {
  const ms = Date.parse(typed.includes("T") ? `${typed}Z` : typed);
  return Number.isNaN(ms) ? null : ms;
}

/** How the axis is marked at `marks` that are `stepMs` apart: the day stands where it begins, the year likewise. */
export function axisLabels(marks: readonly number[], stepMs: number): string[] {
  return marks.map((at, index) => {
    const before = marks[index - 1];
    if (stepMs >= YEAR_MS) return YEAR.format(at);
    if (stepMs >= 28 * DAY_MS) return MONTH.format(at);
    const isNewYear = before === undefined || YEAR.format(before) !== YEAR.format(at);
    const day = isNewYear ? `${DAY.format(at)}\n${YEAR.format(at)}` : DAY.format(at);
    if (stepMs >= DAY_MS) return day;
    const clock = stepMs >= MINUTE_MS ? CLOCK.format(at) : secondsOf(at, stepMs);
    const isNewDay = before === undefined || DAY.format(before) !== DAY.format(at);
    return isNewDay ? `${clock}\n${DAY.format(at)}${isNewYear ? ` ${YEAR.format(at)}` : ""}` : clock;
  });
}

function secondsOf(at: number, stepMs: number): string {
  const clock = CLOCK_SECONDS.format(at);
  return stepMs >= SECOND_MS ? clock : `${clock}.${String(Math.floor(at % 1000)).padStart(3, "0")}`;
}
