/** The raw files and what became of each, by state and a page at a time. */
import { Button } from "../../ui/button";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { INPUT_STATES } from "../export-panel/inputs";
import { type DataSearch, type InputState, readDataSearch } from "./data-search";
import { InputTable } from "./input-table";
import { useInputPages } from "./use-inputs";

interface Props {
  search: DataSearch;
  onChange: (search: DataSearch) => void;
}

export function FilesPanel({ search, onChange }: Props) {
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage } = useInputPages(
    search.state,
  );
  const items = data?.pages.flatMap((page) => page.items);
  const filter = (
    <label className="ml-auto flex items-center gap-2 text-sm text-muted">
      State
      <select
        className="h-8 rounded-lg border border-line bg-surface px-2 text-ink"
        value={search.state ?? ""}
        onChange={({ target }) => onChange(readDataSearch({ state: target.value }))}
      >
        <option value="">all</option>
        {(Object.keys(INPUT_STATES) as InputState[]).map((state) => (
          <option key={state} value={state}>
            {INPUT_STATES[state].word}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel title="Files" testId="files" aside={filter}>
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Looking at the files…</p>}
      {items?.length === 0 && (
        <p className="px-5 py-10 text-center text-sm text-muted">
          {search.state ? (
            "No file is in this state."
          ) : (
            <>
              No file has come yet. Drop a CSV file into <code className="font-mono text-ink">data/raw</code>:
              the next run takes it in.
            </>
          )}
        </p>
      )}
      {items && items.length > 0 && <InputTable items={items} />}
      {hasNextPage && (
        <div className="border-t border-line px-5 py-3">
          <Button onPress={() => void fetchNextPage()} unavailable={isFetchingNextPage ? "Asking…" : null}>
            Show more
          </Button>
        </div>
      )}
    </Panel>
  );
}
