/** What the chosen cell of the calendar stands for: each of its marks, its verdict and why. */
import { Link } from "@tanstack/react-router";
import type { Slot } from "../../api/types";
import { ClockTime } from "../../ui/time";
import { TEXT_TONE } from "../../ui/tone";
import type { Cell } from "./calendar-days";
import { VERDICTS } from "./verdicts";

interface Props {
  /** When it is; null where none is chosen. */
  time: string | null;
  cell: Cell | undefined;
  /** Whether there is no mark at all to choose. */
  isEmpty: boolean;
}

export const CellReadout = ({ time, cell, isEmpty }: Props) => (
  <div className="mt-2 min-h-12 border-t border-line pt-3 text-sm" data-testid="mark-readout">
    {time === null ? (
      <p className="text-muted">
        {isEmpty
          ? "No mark of the schedule lies in these days: each comes here as it passes."
          : "Point at a mark, or walk through them with the arrow keys, to see what became of it."}
      </p>
    ) : (
      <div className="flex flex-wrap gap-x-6 gap-y-1">
        <p className="font-medium">{time}</p>
        {!cell && <p className="text-muted">no mark</p>}
        {cell?.slots.map((slot) => (
          <SlotLine key={slot.mark} slot={slot} />
        ))}
        {cell?.planned.map(({ mark, ends_at }) => (
          <p key={mark} className="text-muted">
            to come at <ClockTime at={mark} />
            {ends_at && (
              <>
                , until about <ClockTime at={ends_at} />
              </>
            )}
          </p>
        ))}
      </div>
    )}
  </div>
);

const SlotLine = ({ slot }: { slot: Slot }) => {
  const { word, tone, sign } = VERDICTS[slot.verdict];
  const isOwn = slot.late_s !== null;
  return (
    <p className="flex flex-wrap gap-x-2">
      <ClockTime at={slot.mark} />
      <span className={`font-medium ${TEXT_TONE[tone]}`}>
        <span aria-hidden="true">{sign}</span> {word}
      </span>
      {slot.why && <span className="text-muted">{slot.why}</span>}
      {slot.run_id && (
        <Link to="/runs/$runId" params={{ runId: slot.run_id }} className="text-accent underline">
          {isOwn ? "Its run" : "The run in its way"}
        </Link>
      )}
    </p>
  );
};
