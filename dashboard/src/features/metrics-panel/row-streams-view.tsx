/** The way of the rows as a picture: from raw to merged, and what leaves it. The figures beside it say the same in words. */
import type { Run } from "../../api/types";
import { number } from "../../ui/format";
import { TEXT_TONE } from "../../ui/tone";
import { bandsOf, HEIGHT, LEAVING_WIDTH, MOST, TRANSLATED_AT, WIDTH } from "./row-streams";

const share = (x: number): string => `${(100 * x) / WIDTH}%`;

export function RowStreams({ counts }: { counts: Run["counts"] }) {
  const bands = bandsOf(counts);
  if (bands.length === 0) return null;
  // Where nothing leaves there is nothing below.
  const height = bands.some(({ isBelow }) => isBelow) ? HEIGHT : MOST;
  return (
    <div className="text-xs text-muted @xl:col-span-2" aria-hidden="true">
      <p className="mb-1 grid grid-cols-3">
        <span>raw</span>
        <span className="text-center">translated</span>
        <span className="text-right">merged</span>
      </p>
      <div className="relative">
        <svg
          viewBox={`0 0 ${WIDTH} ${height}`}
          preserveAspectRatio="none"
          className={`w-full ${height === HEIGHT ? "h-18" : "h-10"}`}
          aria-hidden="true"
        >
          {bands.map(({ key, tone, path, isPost }) => (
            <path
              key={key}
              d={path}
              fill="currentColor"
              className={`${TEXT_TONE[tone]} ${isPost ? "" : "opacity-50"}`}
            />
          ))}
        </svg>
        <Leaving count={counts.quarantined} name="quarantined" from={0} />
        <Leaving count={counts.held_back} name="held back" from={TRANSLATED_AT} />
      </div>
    </div>
  );
}

const Leaving = ({ count, name, from }: { count: number; name: string; from: number }) =>
  count > 0 && (
    <span className="absolute bottom-0 pl-1.5" style={{ left: share(from + LEAVING_WIDTH) }}>
      {number(count)} {name}
    </span>
  );
