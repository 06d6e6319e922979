/** The quarantine: what could not be read, why, and the way back into the pipeline. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useId } from "react";
import { useRefreshOnEvents } from "../features/export-panel/use-lake";
import { PutAsideList } from "../features/quarantine/put-aside-list";
import { readQuarantineSearch } from "../features/quarantine/quarantine-search";
import { PageTitle } from "../shell/page-title";
import { buttonClass } from "../ui/button";
import { Panel } from "../ui/panel";

const route = getRouteApi("/quarantine");

export function QuarantinePage() {
  useRefreshOnEvents();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const filter = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    navigate({ search: readQuarantineSearch(Object.fromEntries(new FormData(event.currentTarget))) });
  };
  return (
    <>
      <PageTitle
        title="Quarantine"
        above={
          <Link to="/data" className="text-accent hover:underline">
            Data
          </Link>
        }
      />
      <Panel
        title="Put aside"
        aside={
          <form
            key={JSON.stringify(search)}
            onSubmit={filter}
            className="flex min-w-0 flex-1 flex-wrap items-center justify-end gap-2"
          >
            <Field name="dataset" label="Table" value={search.dataset} />
            <Field name="file" label="File" value={search.file} />
            <button type="submit" className={buttonClass("plain")}>
              Filter
            </button>
          </form>
        }
      >
        <PutAsideList search={search} />
      </Panel>
    </>
  );
}

function Field({ name, label, value }: { name: string; label: string; value: string | undefined }) {
  const id = useId();
  return (
    <span className="flex min-w-0 items-center gap-2 text-sm">
      <label htmlFor={id} className="text-muted">
        {label}
      </label>
      <input
        id={id}
        name={name}
        defaultValue={value}
        className="h-9 w-36 min-w-0 rounded-lg border border-line bg-surface px-2"
      />
    </span>
  );
}
