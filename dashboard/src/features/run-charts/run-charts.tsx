/** The last 96 runs, a day of them, as small charts: each says in words what it shows. */
import type { Run } from "../../api/types";
import { number, titled } from "../../ui/format";
import { NotAnswered } from "../../ui/problem-note";
import { useRefreshHistory } from "../run-history/use-history";
import { ChartFrame } from "./chart-frame";
import { ChartsToCome } from "./charts-to-come";
import { DurationBars, STAGE_SHADES } from "./duration-bars";
import { endedInOrder, inWords, seriesOf, told } from "./series";
import { SuccessBars } from "./success-bars";
import { useLastRuns } from "./use-last-runs";
import { ValueBars } from "./value-bars";

export default function RunCharts() {
  useRefreshHistory();
  const { data, error } = useLastRuns();
  if (error) return <NotAnswered error={error} />;
  if (!data) return <ChartsToCome />;
  const runs = endedInOrder(data.items);
  return runs.length > 0 && <Charts runs={runs} />;
}

function Charts({ runs }: { runs: Run[] }) {
  const succeeded = runs.filter(({ state }) => state === "success").length;
  const title = runs.length === 1 ? "The last run" : `The last ${number(runs.length)} runs`;
  const stages = runs.at(-1)?.stages.map(({ name }) => name) ?? [];
  return (
    <section aria-label={title} data-testid="run-charts">
      <h2 className="mb-3 text-base font-semibold">{title}</h2>
      <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2 lg:grid-cols-5">
        {seriesOf(runs).map((series) => {
          const values = told(series);
          const last = values.at(-1);
          const isDuration = series.title === "Duration";
          return (
            <ChartFrame
              key={series.title}
              title={series.title}
              last={last === undefined ? "–" : series.text(last)}
              most={values.length ? series.text(Math.max(...values)) : null}
              note={isDuration && <StageKey names={stages} />}
              words={inWords(series)}
            >
              {isDuration ? (
                <DurationBars runs={runs} stages={stages} />
              ) : (
                <ValueBars values={series.values} tone={series.title === "Quarantined" ? "bad" : "ok"} />
              )}
            </ChartFrame>
          );
        })}
        <ChartFrame
          title="Success"
          last={`${number(succeeded)} of ${number(runs.length)}`}
          most={null}
          note={null}
          words={`${succeeded} of the last ${runs.length} runs succeeded`}
        >
          <SuccessBars runs={runs} />
        </ChartFrame>
      </div>
    </section>
  );
}

const StageKey = ({ names }: { names: string[] }) => (
  <span className="flex flex-wrap gap-x-3">
    {names.map((name, index) => (
      <span key={name} className="inline-flex items-center gap-1">
        <svg viewBox="0 0 8 8" className="size-2" aria-hidden="true">
          <rect width="8" height="8" className={STAGE_SHADES[index % STAGE_SHADES.length]} />
        </svg>
        {titled(name)}
      </span>
    ))}
  </span>
);
