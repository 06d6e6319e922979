/** The quarantine: what could not be read, why, and the way back into the pipeline. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useId } from "react";
import { useRefreshOnEvents } from "../features/export-panel/use-lake";
import { PutAsideItem } from "../features/quarantine/put-aside-item";
import { readQuarantineSearch } from "../features/quarantine/quarantine-search";
import { usePutAside } from "../features/quarantine/use-quarantine";
import { PageTitle } from "../shell/page-title";
import { Button, buttonClass } from "../ui/button";
import { Panel } from "../ui/panel";
import { ProblemNote } from "../ui/problem-note";

const route = getRouteApi("/quarantine");

export function QuarantinePage() {
  useRefreshOnEvents();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage } = usePutAside(search);
  const items = data?.pages.flatMap((page) => page.items);
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
        {error && (
          <div className="p-5">
            <ProblemNote error={error} />
          </div>
        )}
        {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Looking…</p>}
        {items?.length === 0 && (
          <p className="px-5 py-10 text-center text-sm text-muted">Nothing is put aside here.</p>
        )}
        <ul>
          {items?.map((item) => (
            <PutAsideItem key={item.id} item={item} />
          ))}
        </ul>
        {hasNextPage && (
          <div className="border-t border-line px-5 py-3">
            <Button onPress={() => void fetchNextPage()} unavailable={isFetchingNextPage ? "Asking…" : null}>
              Show more
            </Button>
          </div>
        )}
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
