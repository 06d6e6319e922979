/** The next marks, by the clock of the pipeline and by that of the viewer. */
import type { PreviewMark } from "../../api/types";
import { useAppearance } from "../../ui/appearance";
import { inViewerZone, viewerZone, yearOf } from "../../ui/calendar";
import { exactUtc } from "../../ui/format";
import { ScrollRegion } from "../../ui/scroll-region";

interface Props {
  marks: readonly PreviewMark[];
  timezone: string;
  hasJitter: boolean;
  /** They are of what was typed before. */
  isOld: boolean;
}

const CHANGES: Record<NonNullable<PreviewMark["clock_change"]>, string> = {
  moved: "its time is left out that day: runs at the change of the clock",
  first: "its time comes twice: the first",
  second: "its time comes twice: the second",
};

const DATE = { weekday: "short", day: "numeric", month: "short" } as const;
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const SECONDS = { ...CLOCK, second: "2-digit" } as const;
// The server has said which time the zone's clock shows: it is only written, not reckoned again.
const ZONELESS = { timeZone: "UTC" } as const;
const YEAR = { year: "numeric" } as const;
const WRITTEN = new Intl.DateTimeFormat(undefined, { ...DATE, ...CLOCK, ...ZONELESS });
const WRITTEN_YEAR = new Intl.DateTimeFormat(undefined, { ...DATE, ...CLOCK, ...ZONELESS, ...YEAR });
const VIEWED = inViewerZone({ ...DATE, ...CLOCK });
const STARTS = inViewerZone(SECONDS);

const WALL_LENGTH = "2026-03-29T03:00:00".length;

export function MarksPreview({ marks, timezone, hasJitter, isOld }: Props) {
  // Drawn anew where the viewer chooses another zone.
  useAppearance();
  return (
    <ScrollRegion label="Table of the next marks" className={isOld ? "opacity-55" : ""}>
      <table className="w-full text-left text-sm whitespace-nowrap">
        <caption className="sr-only">The next {marks.length} marks</caption>
        <thead className="text-xs text-muted">
          <tr>
            <th scope="col" className={CELL}>
              {timezone}
            </th>
            <th scope="col" className={CELL}>
              Here ({viewerZone()})
            </th>
            {hasJitter && (
              <th scope="col" className={CELL}>
                Starts here
              </th>
            )}
            {marks.some(({ clock_change }) => clock_change) && (
              <th scope="col" className={CELL}>
                Change of the clock
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {marks.map((mark) => (
            <Row key={mark.mark} mark={mark} hasJitter={hasJitter} />
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

const CELL = "px-3 py-1.5 font-normal first:pl-5 last:pr-5";

const Row = ({ mark, hasJitter }: { mark: PreviewMark; hasJitter: boolean }) => {
  const wall = mark.local.slice(0, WALL_LENGTH);
  // Which year it is says nothing where it is this one.
  const isOfAnotherYear = !wall.startsWith(String(yearOf(Date.now())));
  return (
    <tr className="border-t border-line">
      <th scope="row" className={CELL}>
        <time dateTime={mark.mark} title={exactUtc(mark.mark)}>
          {(isOfAnotherYear ? WRITTEN_YEAR : WRITTEN).format(new Date(`${wall}Z`))}
        </time>{" "}
        <span className="text-xs text-muted">{mark.local.slice(WALL_LENGTH)}</span>
      </th>
      <td className={CELL}>{VIEWED.format(new Date(mark.mark))}</td>
      {hasJitter && <td className={CELL}>{STARTS.format(new Date(mark.starts_at))}</td>}
      {mark.clock_change && <td className={`${CELL} text-warn`}>{CHANGES[mark.clock_change]}</td>}
    </tr>
  );
};
