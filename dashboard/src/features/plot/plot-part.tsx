/** A column against time: made small by the server for the pixels that there are, and asked anew for each span. */
import { lazy, Suspense, useMemo } from "react";
import type { Dataset } from "../../api/types";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { useSettled } from "../../ui/use-settled";
import type { DatasetSearch } from "../dataset/dataset-search";
import { BucketTable } from "./bucket-table";
import { AXIS_WIDTH, RIGHT } from "./chart-options";
import { type Choice, choiceOf } from "./plot-choice";
import { aligned } from "./plot-data";
import { PlotForm } from "./plot-form";
import { PlotLegend } from "./plot-legend";
import { askedSpan, type Span, spanned, spanOf, whole } from "./plot-span";
import { pointInWords, rowsInWords } from "./plot-words";
import { SpanButtons } from "./span-buttons";
import { SpanForm } from "./span-form";
import { useSeries } from "./use-series";
import { useWidth } from "./use-width";

// The drawing library is fetched once somebody looks at a plot.
const SeriesChart = lazy(() => import("./series-chart"));
const RESIZING_MS = 200;

interface Props {
  dataset: Dataset;
  search: DatasetSearch;
  onChange: (search: DatasetSearch) => void;
}

export function PlotPart({ dataset, search, onChange }: Props) {
  const choice = choiceOf(dataset, search);
  if (!choice)
    return (
      <Panel title="Plot">
        <p className="px-5 py-10 text-center text-sm text-muted">
          A plot needs a column of numbers and one of dates or times: this table has not both.
        </p>
      </Panel>
    );
  return (
    <Panel title="Plot" testId="plot">
      <PlotForm dataset={dataset} choice={choice} search={search} onChange={onChange} />
      <Plot dataset={dataset} choice={choice} search={search} onChange={onChange} />
    </Panel>
  );
}

interface PlotProps {
  dataset: Dataset;
  choice: Choice;
  search: DatasetSearch;
  onChange: (search: DatasetSearch) => void;
}

function Plot({ dataset: { name, columns }, choice: chosen, search, onChange }: PlotProps) {
  const [place, widthNow] = useWidth();
  const width = useSettled(widthNow, RESIZING_MS);
  const pixels = width === null ? null : Math.round((width - AXIS_WIDTH - RIGHT) * window.devicePixelRatio);
  const { data, error, isFetching } = useSeries(name, chosen, search, pixels);
  const plotted = data?.plotted;
  const lines = useMemo(() => (plotted ? aligned(plotted.series) : null), [plotted]);
  const span = plotted ? spanOf(plotted) : null;
  const isWhole = search.from === undefined && search.to === undefined;
  const shown = span ?? (isWhole ? null : askedSpan(search));
  const timeType = columns.find((column) => column.name === chosen.time)?.type ?? "";
  const onSpan = (to: Span) => onChange(spanned(search, to));
  const onWhole = () => !isWhole && onChange(whole(search));
  return (
    <div ref={place} aria-busy={isFetching}>
      <PanelProblem error={error} />
      <div className={`flex flex-wrap items-center gap-3 px-5 pt-4 ${span ? "" : "pb-4"}`}>
        <p role="status" className="mr-auto text-sm text-muted">
          {isFetching && !error ? "Reading the rows…" : plotted && !error ? rowsInWords(plotted) : ""}
        </p>
        {shown && <SpanButtons span={shown} isWhole={isWhole} onSpan={onSpan} onWhole={onWhole} />}
      </div>
      {shown && (
        <SpanForm key={`${shown.fromMs} ${shown.toMs}`} span={shown} timeType={timeType} onSpan={onSpan} />
      )}
      {plotted && !error && !span && (
        <p className="px-5 py-16 text-center text-sm text-muted">There is no point to draw in this span.</p>
      )}
      {data && lines && plotted && span && width !== null && !error && (
        <>
          <Suspense fallback={<p className="px-5 py-16 text-center text-sm text-muted">Drawing…</p>}>
            <SeriesChart
              label={`${data.choice.column} of ${name} against ${data.choice.time}`}
              data={lines}
              width={width}
              span={span}
              told={(index) => pointInWords(plotted, lines, index, data.choice)}
              onZoom={onSpan}
              onWhole={onWhole}
            />
          </Suspense>
          <PlotLegend plotted={plotted} choice={data.choice} />
          <BucketTable plotted={plotted} columns={data.columns} choice={data.choice} />
        </>
      )}
    </div>
  );
}
