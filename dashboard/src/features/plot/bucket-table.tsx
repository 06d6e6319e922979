/** The plot as a table, for those who do not see it: what each part of its span comes to. */
import type { Plotted } from "../../api/types";
import { number } from "../../ui/format";
import { ScrollRegion } from "../../ui/scroll-region";
import type { Choice } from "./plot-choice";
import { buckets } from "./plot-data";
import { exactTime } from "./plot-times";
import { seriesName } from "./plot-words";

const BUCKETS = 24;
const HEADS = ["First", "Last", "Least", "Greatest"];
const CELL = "px-3 py-1 text-right whitespace-nowrap";

export function BucketTable({
  plotted,
  columns,
  choice,
}: {
  plotted: Plotted;
  columns: number;
  choice: Choice;
}) {
  return (
    <details className="border-t border-line">
      <summary className="cursor-pointer px-5 py-3 text-sm font-medium">As a table</summary>
      <ScrollRegion label="Table of the plot" className="max-h-96">
        <table className="w-full text-sm">
          <caption className="sr-only">
            {choice.column} against {choice.time}, in parts of the span
          </caption>
          <thead>
            <tr className="text-muted">
              <th scope="col" className="px-5 py-2 text-left font-medium whitespace-nowrap">
                From
              </th>
              {choice.by && (
                <th scope="col" className="px-3 py-2 text-left font-medium">
                  {choice.by}
                </th>
              )}
              {HEADS.map((head) => (
                <th key={head} scope="col" className="px-3 py-2 text-right font-medium">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {plotted.series.flatMap((series) =>
              buckets(plotted, series, columns, BUCKETS).map(({ fromMs, first, last, least, greatest }) => (
                <tr key={`${series.name} ${fromMs}`} className="border-t border-line">
                  <th scope="row" className="px-5 py-1 text-left font-normal whitespace-nowrap">
                    {exactTime(fromMs, plotted.time_type)}
                  </th>
                  {choice.by && (
                    <td className="px-3 py-1">{seriesName(series.name, choice.column, choice.by)}</td>
                  )}
                  {[first, last, least, greatest].map((point, place) => (
                    <td key={HEADS[place]} className={CELL} title={exactTime(point.at, plotted.time_type)}>
                      {number(point.value)}
                    </td>
                  ))}
                </tr>
              )),
            )}
          </tbody>
        </table>
      </ScrollRegion>
    </details>
  );
}
