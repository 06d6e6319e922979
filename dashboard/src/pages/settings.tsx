/** Settings: when runs start, who is told, who may call, how the page looks. */
import { AlertsPanel } from "../features/settings/alerts-panel";
import { AppearancePanel } from "../features/settings/appearance-panel";
import { SchedulePanel } from "../features/settings/schedule-panel";
import { TokensPanel } from "../features/settings/tokens-panel";
import { PageTitle } from "../shell/page-title";

export const SettingsPage = () => (
  <>
    <PageTitle title="Settings" />
    <div className="flex flex-col gap-6">
      <SchedulePanel />
      <AlertsPanel />
      <TokensPanel />
      <AppearancePanel />
    </div>
  </>
);
