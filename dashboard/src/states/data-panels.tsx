/** The panels of Data, of one table, of one file, and of what was put aside. */
import type { Dataset, InputDetail } from "../api/types";
import { AnalysesPanel } from "../features/analyses/analyses-panel";
import { FilesPanel } from "../features/data-tables/files-panel";
import { TablesPanel } from "../features/data-tables/tables-panel";
import { ChecksPart } from "../features/dataset/checks-part";
import { ColumnsPart } from "../features/dataset/columns-part";
import { HistoryPart } from "../features/dataset/history-part";
import { RowsPart } from "../features/dataset/rows-part";
import { InputParts } from "../features/input-way/input-parts";
import { PlotPart } from "../features/plot/plot-part";
import { PutAsideList } from "../features/quarantine/put-aside-list";
import { Panel } from "../ui/panel";
import { EACH_FILE, EMPTY, LONG, LONG_COLUMNS } from "./answers";
import { LONG_NAME, succeeded, UNBROKEN } from "./logs";
import { asked, asking, type PanelStates } from "./panel-states";
import { type Answers, exampleOf, problem, standIn } from "./stand-in";

const nowhere = (): void => {};

function body<Body>(path: string): Body {
  const said = exampleOf("GET", path);
  if (said === "nothing yet") throw new Error(`no example is recorded of ${path}`);
  return said.body as Body;
}

const TABLE = body<Dataset>("/api/datasets/bars");
const FILE = body<InputDetail>("/api/inputs/1");
const ROWS = body<object>("/api/datasets/bars/rows");

const NO_ROWS: Answers = {
  "GET /api/datasets/bars/rows": { status: 200, body: { ...ROWS, items: [], next: null, total: 0 } },
};
const NO_PROFILE: Answers = {
  "GET /api/datasets/bars/profile": problem(
    404,
    "Not Found",
    "bars was not profiled yet: the next run does it",
  ),
};
const NO_CHECKS: Answers = {
  "GET /api/datasets/bars/checks": { status: 200, body: { checked_at: null, checks: [], history: [] } },
};

const ofTable = (empty: PanelStates["states"] = {}): PanelStates["states"] => ({
  filled: () => standIn(succeeded()),
  ...empty,
  ...asked(),
});
const longNames = { "long names": () => standIn(succeeded(), LONG) };

export const DATA_PANELS: readonly PanelStates[] = [
  { title: "Merged tables", panel: <TablesPanel />, states: { ...asking(), ...longNames } },
  {
    title: "Files",
    panel: <FilesPanel search={{}} onChange={nowhere} />,
    states: { ...asking(EACH_FILE), ...longNames },
  },
  {
    title: "Rows",
    panel: <RowsPart name="bars" search={{}} onChange={nowhere} />,
    states: ofTable({ empty: () => standIn(succeeded(), NO_ROWS), ...longNames }),
  },
  {
    title: "Plot",
    panel: (
      <PlotPart dataset={TABLE} search={{ part: "plot", column: "price", time: "day" }} onChange={nowhere} />
    ),
    states: ofTable(),
  },
  { title: "Columns", panel: <ColumnsPart dataset={TABLE} />, states: ofTable() },
  {
    title: "Columns of long names",
    panel: <ColumnsPart dataset={{ ...TABLE, keys: [UNBROKEN], columns: LONG_COLUMNS }} />,
    states: { "no profile": () => standIn(succeeded(), NO_PROFILE) },
  },
  {
    title: "Checks",
    panel: <ChecksPart name="bars" />,
    states: ofTable({ empty: () => standIn(succeeded(), NO_CHECKS), ...longNames }),
  },
  { title: "Versions", panel: <HistoryPart dataset={TABLE} />, states: ofTable(longNames) },
  { title: "A file", panel: <InputParts input={FILE} />, states: ofTable() },
  {
    title: "A file of a long name",
    panel: <InputParts input={{ ...FILE, name: LONG_NAME, state: "held_back" }} />,
    states: { "held back": () => standIn(succeeded(), EMPTY) },
  },
  {
    title: "Put aside",
    panel: (
      <Panel title="Put aside">
        <PutAsideList search={{}} />
      </Panel>
    ),
    states: { ...asking(), ...longNames },
  },
  { title: "Analyses", panel: <AnalysesPanel />, states: { ...asking(), ...longNames } },
];
