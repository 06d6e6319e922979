/** The lines by name: a sample of each, its rows, and what is not among them. */
import type { Plotted } from "../../api/types";
import { counted, number } from "../../ui/format";
import { colourOf, patternOf } from "./line-look";
import type { Choice } from "./plot-choice";
import { extremesInWords, seriesName } from "./plot-words";

export const PlotLegend = ({ plotted, choice }: { plotted: Plotted; choice: Choice }) => (
  <ul className="flex flex-col gap-1 px-5 pb-4 text-sm">
    {plotted.series.map((series, place) => (
      <li key={series.name} className="flex items-baseline gap-2">
        <svg viewBox="0 0 28 8" className="h-2 w-7 shrink-0" aria-hidden="true">
          <path
            d="M0 4H28"
            style={{ stroke: colourOf(place) }}
            strokeWidth="2"
            strokeDasharray={plotted.series.length > 1 ? patternOf(place).join(" ") : ""}
          />
        </svg>
        <span className="min-w-0">
          <span className="font-medium">{seriesName(series.name, choice.column, choice.by)}</span>{" "}
          <span className="text-muted">
            {counted(series.rows, "row")}, {extremesInWords(series, plotted.time_type)}
          </span>
        </span>
      </li>
    ))}
    {plotted.others.series > 0 && (
      <li className="text-muted">
        {number(plotted.others.series)} more values of {choice.by} with {counted(plotted.others.rows, "row")}{" "}
        are not drawn: filter for those that you look for
      </li>
    )}
  </ul>
);
