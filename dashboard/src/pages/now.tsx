/** Now: whether all is well, what runs, and what came of it. */
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useDeferredValue } from "react";
import { useLive } from "../backend";
import { EventsLog } from "../features/events-log/events-log";
import { ExportPanel } from "../features/export-panel/export-panel";
import { FirstSteps } from "../features/first-steps/first-steps";
import { MetricsPanel } from "../features/metrics-panel/metrics-panel";
import { PipelineControls } from "../features/pipeline-controls/pipeline-controls";
import { FirstWord } from "../shell/first-word";

const route = getRouteApi("/");
const Wall = lazy(() => import("../features/kiosk/wall"));

export function NowPage() {
  const { kiosk } = route.useSearch();
  // Deferred: the panels are made in slices, so that the page answers meanwhile.
  const isKnown = useDeferredValue(useLive((live) => live.status !== null));
  if (kiosk)
    return (
      <main>
        <h1 className="sr-only">Now</h1>
        <Suspense>
          <Wall />
        </Suspense>
      </main>
    );
  return (
    <>
      <h1 className="sr-only">Now</h1>
      {/* All at once: what comes in parts pushes away what somebody reads already. */}
      {isKnown ? <Panels /> : <FirstWord />}
    </>
  );
}

function Panels() {
  const isNew = useLive(({ status }) => status !== null && !status.run && !status.last_run);
  return (
    <div className="flex flex-col gap-10">
      <MetricsPanel controls={<PipelineControls />} />
      {isNew && <FirstSteps />}
      <div className="grid gap-6 xl:grid-cols-[1fr_27rem]">
        <EventsLog />
        <ExportPanel />
      </div>
    </div>
  );
}
