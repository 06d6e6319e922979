/** A look at the rows: filter, sort and pages are the server's, and stand in the address. */
import { Button } from "../../ui/button";
import { number } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import type { DatasetSearch } from "./dataset-search";
import { RowTable } from "./row-table";
import { PAGE_ROWS, useRows } from "./use-dataset";
import { WhereForm } from "./where-form";

interface Props {
  name: string;
  search: DatasetSearch;
  onChange: (search: DatasetSearch) => void;
}

export function RowsPart({ name, search, onChange }: Props) {
  const { data, error, isPending } = useRows(name, search);
  const offset = search.offset ?? 0;
  const { offset: _, ...first } = search;
  return (
    <Panel
      title={search.version === undefined ? "Rows" : `Rows of version ${search.version}`}
      aside={
        <WhereForm
          key={search.where}
          where={search.where ?? ""}
          onFilter={(where) => {
            const { where: __, ...rest } = first;
            onChange(where.trim() ? { ...rest, where } : rest);
          }}
        />
      }
    >
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Reading rows…</p>}
      {data && !error && <RowTable page={data} search={search} onChange={onChange} />}
      {data && !error && (
        <div className="flex flex-wrap items-center gap-3 border-t border-line px-5 py-3 text-sm">
          <p role="status" className="mr-auto text-muted">
            {data.items.length === 0
              ? search.where === undefined
                ? "It has no rows"
                : "No row passes the filter"
              : `${number(offset + 1)} to ${number(offset + data.items.length)} of ${number(data.total)}`}
          </p>
          <Button
            onPress={() => onChange(offset > PAGE_ROWS ? { ...first, offset: offset - PAGE_ROWS } : first)}
            unavailable={offset === 0 ? "These are the first rows" : null}
          >
            Before
          </Button>
          <Button
            onPress={() => onChange({ ...first, offset: offset + PAGE_ROWS })}
            unavailable={data.next === null ? "These are the last rows" : null}
          >
            After
          </Button>
        </div>
      )}
    </Panel>
  );
}
