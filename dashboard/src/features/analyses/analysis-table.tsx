/** The declared analyses: what each reads, how it is kept, and how its last run went. */
import { Link } from "@tanstack/react-router";
import type { Analysis } from "../../api/types";
import { number } from "../../ui/format";
import { ScrollRegion } from "../../ui/scroll-region";
import { Ago } from "../../ui/time";
import { Outcome } from "./outcome";

const HEADS = ["Analysis", "Kind", "Mode", "Reads", "Rows", "Changed", "Last run"];
const CELL = "px-5 py-2 whitespace-nowrap";

export function AnalysisTable({ items }: { items: Analysis[] }) {
  if (items.length === 0)
    return (
      <p className="px-5 py-10 text-center text-sm text-muted">
        None is declared. <code className="font-mono text-ink">[[analyses]]</code> in{" "}
        <code className="font-mono text-ink">quarterhour.toml</code> keep the result of a query as a table of
        its own.
      </p>
    );
  return (
    <ScrollRegion label="Table of analyses">
      <table className="w-full text-sm">
        <caption className="sr-only">The declared analyses</caption>
        <thead className="text-left">
          <tr>
            {HEADS.map((head) => (
              <th key={head} scope="col" className={`${CELL} font-medium text-muted`}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((analysis) => (
            <tr key={analysis.name} className="border-t border-line align-top hover:bg-sunken">
              <th scope="row" className="min-w-40 px-5 py-2 text-left font-medium wrap-anywhere">
                <Link
                  to="/analyses/$name"
                  params={{ name: analysis.name }}
                  className="text-accent hover:underline"
                >
                  {analysis.name}
                </Link>
              </th>
              <td className={CELL}>{analysis.kind}</td>
              <td className={CELL}>{analysis.mode}</td>
              <td className={CELL}>{analysis.reads.join(", ")}</td>
              <td className={CELL}>{analysis.updated_at ? number(analysis.rows) : ""}</td>
              <td className={CELL}>{analysis.updated_at && <Ago at={analysis.updated_at} />}</td>
              <td className={CELL}>
                <Outcome analysis={analysis} />{" "}
                {analysis.last && (
                  <Link
                    to="/runs/$runId"
                    params={{ runId: analysis.last.run_id }}
                    className="text-accent hover:underline"
                  >
                    <Ago at={analysis.last.at} />
                  </Link>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
