/** A moment in the viewer's zone, with the exact UTC on hover. */
import { ago, clockSeconds, daySeconds, exactUtc, moment } from "./format";
import { useNow } from "./use-now";

export const ClockTime = ({ at }: { at: string }) => (
  <time dateTime={at} title={exactUtc(at)}>
    {clockSeconds(at)}
  </time>
);

/** With its day, whichever it is. */
export const DayTime = ({ at }: { at: string }) => (
  <time dateTime={at} title={exactUtc(at)}>
    {daySeconds(at)}
  </time>
);

export const Moment = ({ at }: { at: string }) => (
  <time dateTime={at} title={exactUtc(at)}>
    {moment(at, useNow())}
  </time>
);

export const Ago = ({ at }: { at: string }) => (
  <time dateTime={at} title={exactUtc(at)}>
    {ago(at, useNow())}
  </time>
);
