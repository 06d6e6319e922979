/** The merged tables, each with how fresh it is. */
import { Link } from "@tanstack/react-router";
import type { Dataset } from "../../api/types";
import { bytes, number } from "../../ui/format";
import { ScrollRegion } from "../../ui/scroll-region";
import { Ago } from "../../ui/time";

const HEAD = "px-5 py-2 text-right font-medium whitespace-nowrap text-muted";
const CELL = "px-5 py-2 text-right whitespace-nowrap";

export function DatasetTable({ items }: { items: Dataset[] }) {
  if (items.length === 0)
    return (
      <p className="px-5 py-10 text-center text-sm text-muted">
        No table yet. Drop a CSV file into <code className="font-mono text-ink">data/raw</code>: the first run
        that merges it makes the first table.
      </p>
    );
  return (
    <ScrollRegion label="Table of merged tables">
      <table className="w-full text-sm">
        <caption className="sr-only">The merged tables</caption>
        <thead>
          <tr>
            <th scope="col" className="px-5 py-2 text-left font-medium text-muted">
              Table
            </th>
            <th scope="col" className={HEAD}>
              Rows
            </th>
            <th scope="col" className={HEAD}>
              Size
            </th>
            <th scope="col" className={HEAD}>
              Columns
            </th>
            <th scope="col" className={HEAD}>
              Version
            </th>
            <th scope="col" className={HEAD}>
              Changed
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((dataset) => (
            <tr key={dataset.name} className="border-t border-line hover:bg-sunken">
              <th scope="row" className="min-w-40 px-5 py-2 text-left font-medium wrap-anywhere">
                <Link
                  to="/data/$name"
                  params={{ name: dataset.name }}
                  className="text-accent hover:underline"
                >
                  {dataset.name}
                </Link>
              </th>
              <td className={CELL}>{number(dataset.rows)}</td>
              <td className={CELL}>{bytes(dataset.size_bytes)}</td>
              <td className={CELL}>{number(dataset.columns.length)}</td>
              <td className={CELL}>{number(dataset.version)}</td>
              <td className={CELL}>
                <Ago at={dataset.updated_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
