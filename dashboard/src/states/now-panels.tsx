/** The panels of Now, and what stands around every page. */
import { EventsLog } from "../features/events-log/events-log";
import { ExportPanel } from "../features/export-panel/export-panel";
import { FailureCard } from "../features/failure-card/failure-card";
import { FirstSteps } from "../features/first-steps/first-steps";
import { MetricsPanel } from "../features/metrics-panel/metrics-panel";
import { PipelineControls } from "../features/pipeline-controls/pipeline-controls";
import RunCharts from "../features/run-charts/run-charts";
import { ConnectionLine } from "../shell/connection-line";
import { FirstWord } from "../shell/first-word";
import { Notices } from "../shell/notices";
import type { Recorder } from "../testing/events";
import {
  DEGRADED,
  EACH_FILE,
  EMPTY,
  ERROR,
  LOADING,
  LONG,
  putAsideBy,
  REFUSED,
  RUNS,
  VIEWER,
  WAITING,
} from "./answers";
import {
  empty,
  failed,
  flood,
  longNames,
  nextIn,
  running,
  starting,
  stopped,
  stopping,
  succeeded,
} from "./logs";
import { asked, asking, away, type PanelStates } from "./panel-states";
import { standIn } from "./stand-in";

const failureOf = (log: Recorder) => {
  const { status } = log;
  return status.run && <FailureCard run={status.run} status={status} />;
};
const FAILED_RUN = failed().status.run?.run_id ?? "";

export const NOW_PANELS: readonly PanelStates[] = [
  {
    title: "Metrics and controls",
    panel: <MetricsPanel controls={<PipelineControls />} />,
    states: {
      empty: () => standIn(empty(), EMPTY),
      starting: () => standIn(starting(), RUNS),
      running: () => standIn(running(), RUNS),
      flood: () => standIn(flood(), RUNS),
      stopping: () => standIn(stopping(), RUNS),
      success: () => standIn(succeeded(nextIn(9)), RUNS),
      failed: () => standIn(failed(), { ...RUNS, ...putAsideBy(FAILED_RUN) }),
      stopped: () => standIn(stopped(), RUNS),
      overdue: () => standIn(succeeded(nextIn(-12)), RUNS),
      paused: () => standIn(succeeded(nextIn(9, { paused: true })), RUNS),
      busy: {
        press: "Start",
        over: () => standIn(succeeded(nextIn(9)), { ...RUNS, "POST /api/pipeline/start": "nothing yet" }),
      },
      refused: { press: "Start", over: () => standIn(succeeded(nextIn(9)), REFUSED) },
      "long names": () => standIn(longNames(), RUNS),
      offline: () => away(succeeded(nextIn(9))),
      loading: () => standIn(succeeded(nextIn(9)), LOADING),
      error: () => standIn(failed(), ERROR),
    },
  },
  {
    title: "First word",
    panel: (
      <div className="h-64 overflow-hidden">
        <FirstWord />
      </div>
    ),
    states: { connecting: () => standIn(null, {}, { connection: { phase: "connecting" } }) },
  },
  {
    title: "First steps",
    panel: <FirstSteps />,
    states: {
      empty: () => standIn(empty(), EMPTY),
      "files waiting": () => standIn(empty(), WAITING),
      "a viewer": () => standIn(empty(), VIEWER),
      busy: {
        press: "Load the demo data",
        over: () => standIn(empty(), { ...EMPTY, "POST /api/demo": "nothing yet" }),
      },
      loading: () => standIn(empty(), LOADING),
      error: () => standIn(empty(), ERROR),
      offline: () => away(empty(), EMPTY),
    },
  },
  {
    title: "Events",
    panel: <EventsLog />,
    states: {
      empty: () => standIn(null),
      running: () => standIn(running()),
      failed: () => standIn(failed()),
      flood: () => standIn(flood()),
      "long names": () => standIn(longNames()),
    },
  },
  {
    title: "Data of Now",
    panel: <ExportPanel />,
    states: { ...asking(EACH_FILE), "long names": () => standIn(succeeded(), LONG) },
  },
  {
    title: "Failure",
    panel: failureOf(failed()),
    states: {
      failed: () => standIn(failed(), putAsideBy(FAILED_RUN)),
      "the first run": () => standIn(failed(), EMPTY),
      ...asked(),
      offline: () => away(failed(), { ...RUNS, ...putAsideBy(FAILED_RUN) }),
    },
  },
  {
    title: "Failure of long names",
    panel: failureOf(longNames()),
    states: { failed: () => standIn(longNames(), EMPTY) },
  },
  { title: "Charts of the last runs", panel: <RunCharts />, states: asking(RUNS) },
  {
    title: "Connection",
    panel: <ConnectionLine />,
    states: {
      live: () => standIn(succeeded()),
      "live again": () => standIn(succeeded(), {}, { missed: { count: 12, atMs: Date.now() } }),
      connecting: () => standIn(null, {}, { connection: { phase: "connecting" }, heardAtMs: null }),
      offline: () => away(succeeded()),
    },
  },
  { title: "Notices", panel: <Notices />, states: { degraded: () => standIn(succeeded(), DEGRADED) } },
];
