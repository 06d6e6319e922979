/** The chart as uPlot is to draw it. What it draws is exact: no point is moved to a whole pixel. */
import type uPlot from "uplot";
import { number } from "../../ui/format";
import { patternOf, resolved } from "./line-look";
import type { Span } from "./plot-span";
import { axisLabels } from "./plot-times";

export const HEIGHT = 340;
export const AXIS_WIDTH = 76;
export const RIGHT = 28;
const FONT = '12px "Hanken Grotesk", ui-sans-serif, sans-serif';
/** A drag shorter than this is a click. */
const LEAST_DRAG = 6;
const TICK_SPACE = 84;

interface Wanted {
  width: number;
  span: Span;
  /** From the lowest to the highest that is drawn. */
  heights: uPlot.Range.MinMax;
  seriesCount: number;
  onZoom: (span: Span) => void;
  onWhole: () => void;
  onPoint: (index: number | null) => void;
}

export function chartOptions({
  width,
  span,
  heights,
  seriesCount,
  onZoom,
  onWhole,
  onPoint,
}: Wanted): uPlot.Options {
  const line = resolved("--color-line");
  const muted = resolved("--color-muted");
  const axis = {
    stroke: muted,
    font: FONT,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
  };
  const range: uPlot.Range.MinMax = [span.fromMs, Math.max(span.toMs, span.fromMs + 1)];
  return {
    width,
    height: HEIGHT,
    ms: 1,
    // Its marks are of UTC: a date that is shifted so that its local parts are those of UTC.
    tzDate: (at) => new Date(at + new Date(at).getTimezoneOffset() * 60_000),
    padding: [12, RIGHT, 0, 0],
    pxAlign: false,
    legend: { show: false },
    scales: { x: { time: true, range: () => range }, y: { range: () => heights } },
    axes: [
      { ...axis, space: TICK_SPACE, size: 48, values: (_, marks, __, ___, step) => axisLabels(marks, step) },
      { ...axis, size: AXIS_WIDTH, values: (_, marks) => marks.map(number) },
    ],
    series: [
      {},
      ...Array.from({ length: seriesCount }, (_, place) => ({
        stroke: resolved(`--plot-${place + 1}`),
        width: 1.25,
        pxAlign: false,
        ...(seriesCount > 1 && { dash: patternOf(place) }),
      })),
    ],
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      bind: {
        dblclick: () => () => {
          onWhole();
          return null;
        },
      },
    },
    hooks: {
      setSelect: [
        (chart) => {
          const { left, width: dragged } = chart.select;
          if (dragged < LEAST_DRAG) return;
          onZoom({ fromMs: chart.posToVal(left, "x"), toMs: chart.posToVal(left + dragged, "x") });
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [(chart) => onPoint(chart.cursor.idx ?? null)],
    },
  };
}
