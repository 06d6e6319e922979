/** The panels of Settings. */
import { NotificationSwitch } from "../features/notification/notification-switch";
import { AlertsPanel } from "../features/settings/alerts-panel";
import { AppearancePanel } from "../features/settings/appearance-panel";
import { SchedulePanel } from "../features/settings/schedule-panel";
import { TokensPanel } from "../features/settings/tokens-panel";
import { Panel } from "../ui/panel";
import { LONG, NO_TOKENS, UNDELIVERED, VIEWER } from "./answers";
import { nextIn, succeeded } from "./logs";
import { asked, asking, type PanelStates } from "./panel-states";
import { standIn } from "./stand-in";

const filled = () => standIn(succeeded());
const longNames = { "long names": () => standIn(succeeded(), LONG) };

export const SETTINGS_PANELS: readonly PanelStates[] = [
  {
    title: "Schedule",
    panel: <SchedulePanel />,
    states: {
      filled,
      "a viewer": () => standIn(succeeded(), VIEWER),
      paused: () => standIn(succeeded(nextIn(9, { paused: true }))),
      "no schedule kept": () => standIn(succeeded(nextIn(9, { next_run_at: null }))),
      ...asked(),
    },
  },
  {
    title: "Alerts",
    panel: <AlertsPanel />,
    states: {
      ...asking(),
      "not delivered": () => standIn(succeeded(), UNDELIVERED),
      busy: {
        press: "Test",
        over: () => standIn(succeeded(), { "POST /api/alerts/dead-mans-switch/test": "nothing yet" }),
      },
      ...longNames,
    },
  },
  {
    title: "Access tokens",
    panel: <TokensPanel />,
    states: {
      filled,
      "none asked for": () => standIn(succeeded(), NO_TOKENS),
      "a viewer": () => standIn(succeeded(), VIEWER),
      ...longNames,
      ...asked(),
    },
  },
  { title: "Appearance", panel: <AppearancePanel />, states: { filled } },
  {
    title: "Notifications",
    panel: (
      <Panel title="Notifications">
        <div className="px-5 py-4">
          <NotificationSwitch />
        </div>
      </Panel>
    ),
    states: { filled },
  },
];
