/** The whole log: every event that was ever told, and those that come. */
import { getRouteApi } from "@tanstack/react-router";
import { EventHistory } from "../features/event-history/event-history";
import { PageTitle } from "../shell/page-title";

const route = getRouteApi("/events");

export function EventsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageTitle title="Events" />
      <EventHistory
        search={search}
        onSearch={(next) => void navigate({ search: next, replace: true, resetScroll: false })}
      />
    </>
  );
}
