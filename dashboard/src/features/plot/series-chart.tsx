/** The lines themselves, with the point under the pointer or the arrow keys told in words. */
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./plot.css";
import { stepIn } from "../run-history/step-in";
import { chartOptions, HEIGHT } from "./chart-options";
import { within } from "./plot-data";
import { type Span, zoomed } from "./plot-span";
import { useTheme } from "./use-theme";

interface Props {
  label: string;
  data: uPlot.AlignedData;
  width: number;
  span: Span;
  /** The point at a place of the axis, in words. */
  told: (index: number) => string;
  onZoom: (span: Span) => void;
  onWhole: () => void;
}

const ZOOM_KEYS: Record<string, number> = { "+": 0.5, "-": 2 };

const AROUND = 0.1;

/** Of all points: the chart itself looks at one alone of those that share the last moment. */
function heightsOf([, ...lines]: uPlot.AlignedData): uPlot.Range.MinMax {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const line of lines)
    for (const value of line) {
      if (value == null) continue;
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
  return uPlot.rangeNum(least, greatest, AROUND, true);
}

export default function SeriesChart({ label, data, width, span, told, onZoom, onWhole }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const calls = useRef({ onZoom, onWhole });
  const [point, setPoint] = useState<number | null>(null);
  const theme = useTheme();
  calls.current = { onZoom, onWhole };
  const { fromMs, toMs } = span;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read while it is made
  useEffect(() => {
    if (!host.current) return;
    const made = new uPlot(
      chartOptions({
        width,
        span: { fromMs, toMs },
        heights: heightsOf(data),
        seriesCount: data.length - 1,
        onZoom: (to) => calls.current.onZoom(to),
        onWhole: () => calls.current.onWhole(),
        onPoint: setPoint,
      }),
      data,
      host.current,
    );
    chart.current = made;
    return () => {
      setPoint(null);
      made.destroy();
    };
  }, [data, width, fromMs, toMs, theme]);
  const times = data[0] as number[];
  // What lies outside the span is drawn, and not read.
  const { first, count } = useMemo(() => within(data[0] as number[], fromMs, toMs), [data, fromMs, toMs]);
  const goTo = (index: number): void => {
    chart.current?.setCursor({ left: chart.current.valToPos(times[index] ?? fromMs, "x"), top: HEIGHT / 2 });
    // Of several points of one time the chart knows one alone.
    setPoint(index);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = stepIn(event.key, point === null ? -1 : point - first, count);
    const factor = ZOOM_KEYS[event.key];
    if (step !== null) goTo(first + step);
    else if (factor !== undefined) onZoom(zoomed(span, factor, point === null ? undefined : times[point]));
    else if (event.key === "Escape") onWhole();
    else return;
    event.preventDefault();
  };
  const words = point === null ? "Point at the plot, or press an arrow key, to read a point" : told(point);
  return (
    <>
      <div
        ref={host}
        role="slider"
        tabIndex={0}
        aria-label={`${label}. Arrow keys read points, plus and minus zoom, Escape shows the whole span.`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, count - 1)}
        aria-valuenow={point === null ? 0 : point - first}
        aria-valuetext={words}
        onKeyDown={onKeyDown}
        style={{ minHeight: HEIGHT }}
        className="overflow-hidden -outline-offset-2"
      />
      <p data-testid="readout" className="min-h-6 px-5 text-sm">
        {words}
      </p>
    </>
  );
}
