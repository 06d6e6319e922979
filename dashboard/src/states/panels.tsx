/** Which panels are shown in which states: those of each page in a file of their own. */
import { DATA_PANELS } from "./data-panels";
import { NOW_PANELS } from "./now-panels";
import type { PanelStates } from "./panel-states";
import { RUN_PANELS } from "./run-panels";
import { SETTINGS_PANELS } from "./settings-panels";

export const PANELS: readonly PanelStates[] = [
  ...NOW_PANELS,
  ...RUN_PANELS,
  ...DATA_PANELS,
  ...SETTINGS_PANELS,
];
