/** What a person can choose of the schedule, as it stands in the form. Pure. */
import type { Schedule } from "../../api/types";

export interface Choice {
  cron: string;
  timezone: string;
  /** Seconds, as typed. */
  jitter: string;
}

export const choiceOf = ({ cron, timezone, jitter }: Schedule): Choice => ({
  cron,
  timezone,
  jitter: String(jitter),
});

export const wireOf = ({ cron, timezone, jitter }: Choice) => ({
  cron: cron.trim(),
  timezone: timezone.trim(),
  jitter: Number(jitter),
});

export function isSame(one: Choice, other: Choice): boolean {
  const [a, b] = [wireOf(one), wireOf(other)];
  return a.cron === b.cron && a.timezone === b.timezone && a.jitter === b.jitter;
}

export const inWords = ({ cron, timezone, jitter }: Choice): string =>
  `${cron} in ${timezone}${Number(jitter) > 0 ? `, jitter ${Number(jitter)} s` : ""}`;
