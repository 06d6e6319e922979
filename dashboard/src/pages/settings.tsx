/** Settings: when runs start. */
import { SchedulePanel } from "../features/settings/schedule-panel";
import { PageTitle } from "../shell/page-title";

export const SettingsPage = () => (
  <>
    <PageTitle title="Settings" />
    <div className="flex flex-col gap-6">
      <SchedulePanel />
    </div>
  </>
);
