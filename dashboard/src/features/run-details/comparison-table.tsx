/** The run beside the last good one before it. */
import { Link } from "@tanstack/react-router";
import type { Run } from "../../api/types";
import { duration, number, signed } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { ScrollRegion } from "../../ui/scroll-region";
import { Moment } from "../../ui/time";
import { compared, type Difference, differenceOf } from "./comparison";
import { useConfigurationChanges, useGoodRunBefore } from "./use-run";

export function ComparisonTable({ run }: { run: Run }) {
  const { data: before, error, isPending } = useGoodRunBefore(run.run_id);
  return (
    <Panel
      title="Compared with the last good run"
      testId="comparison"
      aside={
        before && (
          <Link to="/runs/$runId" params={{ runId: before.run_id }} className="text-sm text-accent underline">
            <Moment at={before.started_at} />
          </Link>
        )
      }
    >
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-6 text-sm text-muted">Reading the run before…</p>}
      {before === null && <p className="px-5 py-6 text-sm text-muted">No run before it has succeeded.</p>}
      {before && (
        <ScrollRegion label="Table of differences">
          <table className="w-full text-sm whitespace-nowrap">
            <caption className="sr-only">This run beside the last good one before it</caption>
            <thead className="text-xs">
              <tr>
                {["Figure", "This run", "Before", "Difference"].map((name, index) => (
                  <th
                    key={name}
                    scope="col"
                    className={`${CELL} text-muted ${index ? "text-right" : "text-left"}`}
                  >
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {compared(run, before).map((difference) => (
                <Row key={difference.name} difference={difference} />
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
      {before && <Configuration run={run} before={before} />}
    </Panel>
  );
}

function Configuration({ run, before }: { run: Run; before: Run }) {
  const { data: changes, error } = useConfigurationChanges(run, before);
  return (
    <div className="border-t border-line px-5 py-3 text-sm">
      <h3 className="font-semibold">Settings and schedule</h3>
      <PanelProblem error={error} />
      {changes?.length === 0 && <p className="text-muted">The same as then.</p>}
      <ul>
        {changes?.map((change) => (
          <li key={change}>{change}</li>
        ))}
      </ul>
    </div>
  );
}

const CELL = "px-2 py-1.5 first:pl-5 last:pr-5 font-normal";

const Row = ({ difference }: { difference: Difference }) => {
  const { name, unit, now, before } = difference;
  const by = differenceOf(difference);
  return (
    <tr className="border-t border-line">
      <th scope="row" className={`${CELL} text-left`}>
        {name}
      </th>
      <td className={`${CELL} text-right`}>{figure(now, unit)}</td>
      <td className={`${CELL} text-right text-muted`}>{figure(before, unit)}</td>
      <td className={`${CELL} text-right ${by ? "font-medium" : "text-muted"}`}>{signedFigure(by, unit)}</td>
    </tr>
  );
};

const figure = (value: number | null, unit: Difference["unit"]): string =>
  value === null ? "–" : unit === "ms" ? duration(value) : number(value);

/** Below it a difference is written as none at all. */
const SAME_MS = 50;

export const signedFigure = (by: number | null, unit: Difference["unit"]): string => {
  if (by === null) return "–";
  if (unit === "count") return signed(by);
  if (Math.abs(by) < SAME_MS) return "±0";
  return `${by > 0 ? "+" : "−"}${duration(Math.abs(by))}`;
};
