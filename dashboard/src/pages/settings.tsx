/** Settings: when runs start, who is told. */
import { AlertsPanel } from "../features/settings/alerts-panel";
import { SchedulePanel } from "../features/settings/schedule-panel";
import { PageTitle } from "../shell/page-title";

export const SettingsPage = () => (
  <>
    <PageTitle title="Settings" />
    <div className="flex flex-col gap-6">
      <SchedulePanel />
      <AlertsPanel />
    </div>
  </>
);
