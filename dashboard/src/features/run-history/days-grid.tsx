/** A row for each day, a cell for each quarter of an hour. Walked with the arrow keys; the cell that is meant is told below. */
import { type KeyboardEvent, memo, type PointerEvent, useId, useState } from "react";
import { atMinute } from "../../ui/calendar";
import { clock } from "../../ui/format";
import { ScrollRegion } from "../../ui/scroll-region";
import { type Cell, type Day, QUARTERS } from "./calendar-days";
import { CellReadout } from "./cell-readout";
import { stepIn } from "./step-in";
import { VerdictSign } from "./verdict-sign";
import { VERDICTS } from "./verdicts";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const QUARTERS_OF_DAY = Array.from({ length: QUARTERS }, (_, quarter) => quarter);

export function DaysGrid({ days }: { days: Day[] }) {
  const gridId = useId();
  const [at, setAt] = useState<{ day: number; quarter: number } | null>(null);
  const day = at ? days[at.day] : undefined;

  const onKeyDown = (event: KeyboardEvent): void => {
    const { day: row, quarter } = at ?? { day: 0, quarter: -1 };
    const next = stepIn(event.key, quarter, QUARTERS);
    if (next !== null) setAt({ day: row, quarter: next });
    else if (event.key === "ArrowDown")
      setAt({ day: Math.min(days.length - 1, row + 1), quarter: Math.max(0, quarter) });
    else if (event.key === "ArrowUp") setAt({ day: Math.max(0, row - 1), quarter: Math.max(0, quarter) });
    else return;
    event.preventDefault();
  };

  const onPointer = ({ target }: PointerEvent): void => {
    const cell = target instanceof Element ? target.closest<HTMLElement>("[data-quarter]") : null;
    if (cell) setAt({ day: Number(cell.dataset.day), quarter: Number(cell.dataset.quarter) });
  };

  return (
    <>
      <ScrollRegion label="Calendar of marks">
        <table
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table that is walked by cell is a grid
          role="grid"
          aria-label="Marks by day and quarter of an hour"
          aria-activedescendant={at ? `${gridId}-${at.day}-${at.quarter}` : undefined}
          tabIndex={0}
          onKeyDown={onKeyDown}
          onPointerOver={onPointer}
          onPointerDown={onPointer}
          className="w-full min-w-[66rem] table-fixed border-separate border-spacing-x-px -outline-offset-2 border-spacing-y-0.5 text-xs"
        >
          <colgroup>
            <col className="w-22" />
          </colgroup>
          <thead>
            <tr>
              <td />
              {HOURS.map((hour) => (
                <th key={hour} scope="colgroup" colSpan={4} className="pl-1 text-left font-normal text-muted">
                  {String(hour).padStart(2, "0")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.map((each, index) => (
              <DayRow
                key={each.atMs}
                gridId={gridId}
                index={index}
                day={each}
                active={at?.day === index ? at.quarter : null}
              />
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <CellReadout
        time={at && day ? `${day.label}, ${timeOf(day, at.quarter)}` : null}
        cell={at && day ? day.cells[at.quarter] : undefined}
        isEmpty={days.every(({ cells }) => cells.every((cell) => cell === undefined))}
      />
    </>
  );
}

const timeOf = ({ atMs }: Day, quarter: number): string =>
  clock(new Date(atMinute(atMs, quarter * 15)).toISOString());

interface RowProps {
  gridId: string;
  index: number;
  day: Day;
  active: number | null;
}

const DayRow = memo(function DayRow({ gridId, index, day, active }: RowProps) {
  return (
    <tr>
      <th scope="row" className="sticky left-0 bg-surface pr-2 text-left font-normal whitespace-nowrap">
        {day.label}
      </th>
      {QUARTERS_OF_DAY.map((quarter) => {
        const cell = day.cells[quarter];
        return (
          <td
            key={quarter}
            id={`${gridId}-${index}-${quarter}`}
            data-day={index}
            data-quarter={quarter}
            aria-label={`${day.label}, ${timeOf(day, quarter)}: ${said(cell)}`}
            className={`p-0 ${quarter % 4 === 0 ? "border-l-2 border-surface" : ""}`}
          >
            <span
              className={`block h-5 rounded-xs bg-sunken/60 ${active === quarter ? "outline-2 outline-ink" : ""}`}
            >
              {cell && <VerdictSign verdict={cell.verdict} />}
            </span>
          </td>
        );
      })}
    </tr>
  );
});

function said(cell: Cell | undefined): string {
  if (!cell) return "no mark";
  const [slot] = cell.slots;
  if (cell.slots.length > 1 && cell.verdict)
    return `${cell.slots.length} marks, ${VERDICTS[cell.verdict].word} at worst`;
  return slot ? [VERDICTS[slot.verdict].word, slot.why].filter(Boolean).join(", ") : "to come";
}
