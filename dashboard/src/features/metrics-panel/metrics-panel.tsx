/** How the pipeline is: at a glance the state, then the stages, then the rows. */
import { lazy, type ReactNode, Suspense, useMemo } from "react";
import { useLive } from "../../backend";
import { FailureCard } from "../failure-card/failure-card";
import { ChartsToCome } from "../run-charts/charts-to-come";
import { useLastRuns } from "../run-charts/use-last-runs";
import { Dial } from "./dial";
import { expectedMs } from "./expected";
import { Headline } from "./headline";
import { RowLedger } from "./row-ledger";
import { StageFlow } from "./stage-flow";

// Below the first glance: it does not hold the first page up.
const RunCharts = lazy(() => import("../run-charts/run-charts"));

export function MetricsPanel({ controls }: { controls: ReactNode }) {
  const status = useLive((live) => live.status);
  const { data } = useLastRuns();
  const expected = useMemo(() => expectedMs(data?.items ?? []), [data]);
  if (!status) return null;
  const shownRun = status.run ?? status.last_run;
  return (
    <section aria-label="Metrics" className="flex flex-col gap-8">
      {status.state === "failed" && status.run && <FailureCard run={status.run} status={status} />}
      <div className="grid items-center gap-x-10 gap-y-6 sm:grid-cols-[13rem_1fr] lg:grid-cols-[13rem_1fr_auto]">
        <div className="mx-auto size-52">
          <Dial status={status} />
        </div>
        <Headline status={status} />
        <div className="sm:col-span-2 lg:col-span-1 lg:max-w-md">{controls}</div>
      </div>
      <StageFlow status={status} expected={expected} />
      {shownRun && <RowLedger run={shownRun} />}
      {status.last_run && (
        <Suspense fallback={<ChartsToCome />}>
          <RunCharts />
        </Suspense>
      )}
    </section>
  );
}
