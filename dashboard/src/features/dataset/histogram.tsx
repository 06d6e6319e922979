/** How a column's values are spread: a bar for each bin. In words for those who do not see it. */
import type { ColumnFacts } from "../../api/types";
import { counted, number } from "../../ui/format";

const WIDTH = 160;
const HEIGHT = 36;

export function Histogram({
  name,
  histogram,
}: {
  name: string;
  histogram: NonNullable<ColumnFacts["histogram"]>;
}) {
  const { from, to, counts } = histogram;
  const most = Math.max(...counts, 1);
  const width = WIDTH / counts.length;
  const bin = (place: number) => from + ((to - from) * place) / counts.length;
  const fullest = counts.indexOf(most);
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="h-9 w-40 text-accent"
      role="img"
      aria-label={`${name}: ${number(from)} to ${number(to)}, most (${number(most)}) from ${number(bin(fullest))} to ${number(bin(fullest + 1))}`}
    >
      {counts.map((count, place) => {
        // A bin that holds anything is seen.
        const height = count === 0 ? 0 : Math.max(1, (count / most) * HEIGHT);
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place
            key={place}
            x={place * width + 0.5}
            y={HEIGHT - height}
            width={width - 1}
            height={height}
            fill="currentColor"
          >
            <title>{`${number(bin(place))} to ${number(bin(place + 1))}: ${counted(count, "value")}`}</title>
          </rect>
        );
      })}
      <path d={`M0 ${HEIGHT}H${WIDTH}`} className="stroke-line" />
    </svg>
  );
}
