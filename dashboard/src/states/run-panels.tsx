/** The panels of Runs, of one run and of the whole log. */
import { EventHistory } from "../features/event-history/event-history";
import { RunParts } from "../features/run-details/run-parts";
import { MarksCalendar } from "../features/run-history/marks-calendar";
import { NextMarks } from "../features/run-history/next-marks";
import { RunsPanel } from "../features/run-history/runs-panel";
import { Timeline } from "../features/run-history/timeline";
import type { Recorder } from "../testing/events";
import { balanceOf, EACH_FILE, EMPTY, ERROR, LOADING, LONG, RUNS } from "./answers";
import { empty, failed, flood, longNames, running, succeeded } from "./logs";
import { asked, asking, away, type PanelStates } from "./panel-states";
import { type Answers, standIn } from "./stand-in";

/** The address stays as it is. */
const nowhere = (): void => {};

const partsOf = ({ status }: Recorder) => status.run && <RunParts run={status.run} />;

const FAILED: Answers = { ...RUNS, ...EACH_FILE, ...balanceOf(failed()) };

export const RUN_PANELS: readonly PanelStates[] = [
  { title: "Timeline", panel: <Timeline search={{}} onSearch={nowhere} />, states: asking(RUNS) },
  { title: "Marks of the schedule", panel: <MarksCalendar search={{}} />, states: asking(RUNS) },
  { title: "Next marks", panel: <NextMarks />, states: asking() },
  { title: "History", panel: <RunsPanel search={{}} onSearch={nowhere} />, states: asking(RUNS) },
  {
    title: "A run",
    panel: partsOf(failed()),
    states: {
      failed: () => standIn(failed(), FAILED),
      ...asked(),
      offline: () => away(failed(), FAILED),
    },
  },
  {
    title: "A run of long names",
    panel: partsOf(longNames()),
    states: { failed: () => standIn(longNames(), { ...LONG, ...RUNS, ...balanceOf(longNames()) }) },
  },
  {
    title: "A run under way",
    panel: partsOf(running()),
    states: { running: () => standIn(running(), { ...EMPTY, ...balanceOf(running()) }) },
  },
  {
    title: "Log",
    panel: <EventHistory search={{}} onSearch={nowhere} />,
    states: {
      filled: () => standIn(failed()),
      flood: () => standIn(flood()),
      "long names": () => standIn(longNames()),
      empty: () => standIn(empty()),
      loading: () => standIn(succeeded(), LOADING),
      error: () => standIn(succeeded(), ERROR),
      offline: () => away(succeeded()),
    },
  },
];
