/** A page of rows; a column's head sorts by it, on the server. */
import type { RowPage } from "../../api/types";
import { Icon } from "../../ui/icon";
import { ScrollRegion } from "../../ui/scroll-region";
import type { DatasetSearch } from "./dataset-search";

interface Props {
  page: RowPage;
  search: DatasetSearch;
  onChange: (search: DatasetSearch) => void;
}

const NUMBERS = /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|FLOAT|DOUBLE|DECIMAL)/;

export const RowTable = ({ page, search, onChange }: Props) => (
  <ScrollRegion label="Table of rows" className="max-h-[70vh]">
    <table className="w-full text-sm">
      <caption className="sr-only">Rows of version {page.version}</caption>
      <thead className="sticky top-0 bg-surface">
        <tr>
          {page.columns.map(({ name, type }) => (
            <SortHead
              key={name}
              name={name}
              type={type}
              order={search.sort !== name ? "none" : search.descending ? "descending" : "ascending"}
              onSort={() => onChange(nextSort(search, name))}
            />
          ))}
        </tr>
      </thead>
      <tbody>
        {page.items.map((row, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row has no other name than its place
          <tr key={place} className="border-t border-line hover:bg-sunken">
            {page.columns.map(({ name, type }, column) => (
              <td
                key={name}
                className={`max-w-80 truncate px-3 py-1 whitespace-nowrap ${NUMBERS.test(type) ? "text-right" : ""}`}
              >
                <Value value={row[column]} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollRegion>
);

/** Up, down, and as it was; from the first row on. */
export function nextSort(
  { sort, descending, offset: _, ...rest }: DatasetSearch,
  name: string,
): DatasetSearch {
  if (sort !== name) return { ...rest, sort: name };
  return descending ? rest : { ...rest, sort: name, descending: true };
}

interface HeadProps {
  name: string;
  type: string;
  order: "none" | "ascending" | "descending";
  onSort: () => void;
}

const SortHead = ({ name, type, order, onSort }: HeadProps) => (
  <th
    scope="col"
    aria-sort={order}
    className={`px-3 py-2 font-medium whitespace-nowrap ${NUMBERS.test(type) ? "text-right" : "text-left"}`}
  >
    <button type="button" onClick={onSort} title={type} className="inline-flex items-center gap-1">
      {name}
      {order !== "none" && <Icon name="chevron" className={order === "ascending" ? "rotate-180" : ""} />}
    </button>
  </th>
);

function Value({ value }: { value: unknown }) {
  if (value === null) return <span className="text-muted italic">null</span>;
  const text = String(value);
  return <span title={text.length > 40 ? text : undefined}>{text}</span>;
}
