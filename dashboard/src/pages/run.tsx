/** A run: how it went. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { PageTitle } from "../shell/page-title";

const route = getRouteApi("/runs/$runId");

export function RunPage() {
  const { runId } = route.useParams();
  return <PageTitle title={runId} above={<Link to="/runs">Runs</Link>} />;
}
