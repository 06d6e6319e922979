/** The page: which panel stands where. */
import { ConnectionLine } from "./features/connection-line";
import { EventsLog } from "./features/events-log/events-log";
import { ExportPanel } from "./features/export-panel/export-panel";
import { MetricsPanel } from "./features/metrics-panel/metrics-panel";
import { PageState } from "./features/page-state";
import { PipelineControls } from "./features/pipeline-controls/pipeline-controls";

export const App = () => (
  <div className="mx-auto max-w-[88rem] px-4 pb-12 sm:px-8">
    <PageState />
    <header className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-5">
      <h1 className="flex items-center gap-2.5 text-lg font-semibold tracking-tight">
        <Mark /> quarterhour
      </h1>
      <ConnectionLine />
    </header>
    <main className="flex flex-col gap-10">
      <MetricsPanel controls={<PipelineControls />} />
      <div className="grid gap-6 xl:grid-cols-[1fr_27rem]">
        <EventsLog />
        <ExportPanel />
      </div>
    </main>
  </div>
);

/** A quarter of an hour. */
const Mark = () => (
  <svg viewBox="0 0 24 24" className="size-6 text-accent" aria-hidden="true">
    <circle cx="12" cy="12" r="10" fill="none" stroke="currentColor" strokeWidth="2.4" />
    <path d="M12 12V2a10 10 0 0 1 10 10z" fill="currentColor" />
  </svg>
);
