/** The rows of a run as three sums, and whether each of them closes. */
import type { Run } from "../../api/types";
import { number } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { Panel } from "../../ui/panel";
import { NotAnswered } from "../../ui/problem-note";
import { RowLedger } from "../metrics-panel/row-ledger";
import { useBalance } from "./use-run";

export function RunBalance({ run }: { run: Run }) {
  const { data, error } = useBalance(run.run_id);
  return (
    <Panel title="Rows" testId="balance">
      <div className="px-5 py-4">
        <RowLedger run={run} />
        {error && (
          <div className="mt-5">
            <NotAnswered error={error} />
          </div>
        )}
        {data && (
          <ul className="mt-5 space-y-1.5 border-t border-line pt-4 text-sm">
            <Sum
              total={[data.records, "records read"]}
              parts={[
                [data.rows, "translated"],
                [data.quarantined, "quarantined"],
              ]}
              difference={data.translated_difference}
            />
            <Sum
              total={[data.taken_in, "taken in by the merger"]}
              parts={[
                [data.rows, "translated"],
                [data.carried_over, "carried over from earlier runs"],
              ]}
              difference={-data.lost_between}
            />
            <Sum
              total={[data.taken_in, "taken in"]}
              parts={[
                [data.inserted, "inserted"],
                [data.updated, "updated"],
                [data.unchanged, "unchanged"],
                [data.held_back, "held back"],
              ]}
              difference={data.merged_difference}
            />
          </ul>
        )}
      </div>
    </Panel>
  );
}

type Figure = readonly [count: number, words: string];

const Sum = ({ total, parts, difference }: { total: Figure; parts: Figure[]; difference: number }) => (
  <li className="flex gap-2">
    <Icon
      name={difference === 0 ? "check" : "cross"}
      className={`mt-0.5 ${difference === 0 ? "text-ok" : "text-bad"}`}
    />
    <span>
      <Told figure={total} /> ={" "}
      {parts.map((part, index) => (
        <span key={part[1]}>
          {index > 0 && " + "}
          <Told figure={part} />
        </span>
      ))}
      {difference !== 0 && <strong className="text-bad"> · {number(difference)} do not add up</strong>}
    </span>
  </li>
);

const Told = ({ figure: [count, words] }: { figure: Figure }) => (
  <>
    <span className="font-medium">{number(count)}</span> <span className="text-muted">{words}</span>
  </>
);
