/** One merged table: its rows, columns, checks and versions. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { ChecksPart } from "../features/dataset/checks-part";
import { ColumnsPart } from "../features/dataset/columns-part";
import type { DatasetSearch } from "../features/dataset/dataset-search";
import { HistoryPart } from "../features/dataset/history-part";
import { PartLinks } from "../features/dataset/part-links";
import { RowsPart } from "../features/dataset/rows-part";
import { useDataset } from "../features/dataset/use-dataset";
import { useRefreshOnEvents } from "../features/export-panel/use-lake";
import { PlotPart } from "../features/plot/plot-part";
import { PageTitle } from "../shell/page-title";
import { bytes, counted } from "../ui/format";
import { NotAnswered } from "../ui/problem-note";
import { Ago } from "../ui/time";

const route = getRouteApi("/data/$name");

export function DatasetPage() {
  useRefreshOnEvents();
  const { name } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error } = useDataset(name);
  const part = search.part ?? "rows";
  return (
    <>
      <PageTitle
        title={name}
        above={
          <Link to="/data" className="text-accent hover:underline">
            Data
          </Link>
        }
        aside={
          data && (
            <p className="text-sm text-muted">
              {counted(data.rows, "row")} · {bytes(data.size_bytes)} · version {data.version} · changed{" "}
              <Ago at={data.updated_at} />
            </p>
          )
        }
      />
      {error && <NotAnswered error={error} />}
      {data && (
        <>
          <PartLinks name={name} current={part} />
          {part === "rows" && (
            <RowsPart
              name={name}
              search={search}
              onChange={(next: DatasetSearch) => navigate({ search: next })}
            />
          )}
          {part === "plot" && (
            <PlotPart
              dataset={data}
              search={search}
              onChange={(next: DatasetSearch) => navigate({ search: next })}
            />
          )}
          {part === "columns" && <ColumnsPart dataset={data} />}
          {part === "checks" && <ChecksPart name={name} />}
          {part === "history" && <HistoryPart dataset={data} />}
        </>
      )}
    </>
  );
}
