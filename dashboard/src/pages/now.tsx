/** Now: whether all is well, what runs, and what came of it. */
import { EventsLog } from "../features/events-log/events-log";
import { ExportPanel } from "../features/export-panel/export-panel";
import { MetricsPanel } from "../features/metrics-panel/metrics-panel";
import { PipelineControls } from "../features/pipeline-controls/pipeline-controls";

export const NowPage = () => (
  <div className="flex flex-col gap-10">
    <h1 className="sr-only">Now</h1>
    <MetricsPanel controls={<PipelineControls />} />
    <div className="grid gap-6 xl:grid-cols-[1fr_27rem]">
      <EventsLog />
      <ExportPanel />
    </div>
  </div>
);
