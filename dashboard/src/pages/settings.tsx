/** Settings: when runs start, who is told, who may call, how the page looks. */
import { NotificationSwitch } from "../features/notification/notification-switch";
import { AlertsPanel } from "../features/settings/alerts-panel";
import { AppearancePanel } from "../features/settings/appearance-panel";
import { SchedulePanel } from "../features/settings/schedule-panel";
import { TokensPanel } from "../features/settings/tokens-panel";
import { PageTitle } from "../shell/page-title";
import { Panel } from "../ui/panel";

export const SettingsPage = () => (
  <>
    <PageTitle title="Settings" />
    <div className="flex flex-col gap-6">
      <SchedulePanel />
      <AlertsPanel />
      <TokensPanel />
      <AppearancePanel />
      <Panel title="Notifications">
        <div className="px-5 py-4">
          <NotificationSwitch />
        </div>
      </Panel>
    </div>
  </>
);
