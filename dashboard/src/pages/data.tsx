/** Data: the merged tables, and the files that they came from. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { FilesPanel } from "../features/data-tables/files-panel";
import { TablesPanel } from "../features/data-tables/tables-panel";
import { usePutAsideCount } from "../features/data-tables/use-inputs";
import { useRefreshOnEvents } from "../features/export-panel/use-lake";
import { PageTitle } from "../shell/page-title";
import { counted } from "../ui/format";

const route = getRouteApi("/data");

export function DataPage() {
  useRefreshOnEvents();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageTitle title="Data" aside={<PutAside />} />
      <div className="flex flex-col gap-6">
        <TablesPanel />
        <FilesPanel search={search} onChange={(next) => navigate({ search: next, replace: true })} />
      </div>
    </>
  );
}

function PutAside() {
  const { data } = usePutAsideCount();
  if (data === undefined || data === null) return null;
  return (
    <Link
      to="/quarantine"
      data-testid="put-aside"
      className={`text-sm underline ${data > 0 ? "text-warn" : "text-muted"}`}
    >
      {data > 0 ? `${counted(data, "record")} put aside` : "Nothing is put aside"}
    </Link>
  );
}
