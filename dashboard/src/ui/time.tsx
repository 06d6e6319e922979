/** A moment in the zone that the viewer chose, with the exact UTC on hover. */
import { useAppearance } from "./appearance";
import { ago, clockSeconds, daySeconds, exactUtc, moment } from "./format";
import { useNow } from "./use-now";

interface Props {
  at: string;
}

function Written({ at, write }: Props & { write: (at: string) => string }) {
  // Drawn anew where the zone is another.
  useAppearance();
  return (
    <time dateTime={at} title={exactUtc(at)}>
      {write(at)}
    </time>
  );
}

export const ClockTime = ({ at }: Props) => <Written at={at} write={clockSeconds} />;

/** With its day, whichever it is. */
export const DayTime = ({ at }: Props) => <Written at={at} write={daySeconds} />;

export function Moment({ at }: Props) {
  const nowMs = useNow();
  return <Written at={at} write={() => moment(at, nowMs)} />;
}

export function Ago({ at }: Props) {
  const nowMs = useNow();
  return <Written at={at} write={() => ago(at, nowMs)} />;
}
