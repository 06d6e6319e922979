/** The runs, newest first, a page at a time. */
import { Link } from "@tanstack/react-router";
import type { Run } from "../../api/types";
import { isActive } from "../../live/reducer";
import { number, titled } from "../../ui/format";
import { ScrollRegion } from "../../ui/scroll-region";
import { Moment } from "../../ui/time";
import { Elapsed } from "../metrics-panel/stage-flow";
import { reasonText, TRIGGERS } from "../metrics-panel/wording";
import { RunStateWord } from "./run-state";

const FIGURES = ["Rows", "Quarantined", "Held back", "Attempts"] as const;
const CELL = "px-3 py-2 first:pl-5 last:pr-5";

export const RunsTable = ({ runs }: { runs: Run[] }) => (
  <ScrollRegion label="Table of runs">
    <table className="w-full text-sm whitespace-nowrap">
      <caption className="sr-only">Runs, newest first</caption>
      <thead className="text-xs">
        <tr>
          {["State", "Began", "Started", "Duration"].map((name) => (
            <th key={name} scope="col" className={`${CELL} text-left font-medium text-muted`}>
              {name}
            </th>
          ))}
          {FIGURES.map((name) => (
            <th key={name} scope="col" className={`${CELL} text-right font-medium text-muted`}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.run_id} run={run} />
        ))}
      </tbody>
    </table>
  </ScrollRegion>
);

function RunRow({ run }: { run: Run }) {
  const { run_id, state, trigger, started_at, ended_at, counts, reason, stages } = run;
  const figures = [counts.rows, counts.quarantined, counts.held_back, mostAttempts(run)];
  const failed = stages.find((stage) => stage.state === "failed");
  return (
    <tr className="border-t border-line hover:bg-sunken/60">
      <th scope="row" className={`${CELL} text-left font-normal`}>
        <RunStateWord state={state} />
        {state === "failed" && (
          <span className="block max-w-72 truncate text-xs text-muted">
            {failed ? `${titled(failed.name)}: ` : ""}
            {reasonText(failed?.reason ?? reason)}
          </span>
        )}
      </th>
      <td className={CELL}>
        <Link
          to="/runs/$runId"
          params={{ runId: run_id }}
          className="font-medium text-accent underline-offset-2 hover:underline"
        >
          <Moment at={started_at} />
        </Link>
      </td>
      <td className={`${CELL} text-muted`}>{TRIGGERS[trigger]}</td>
      <td className={CELL}>
        <Elapsed from={started_at} to={ended_at} isLive={isActive(state)} />
      </td>
      {figures.map((figure, index) => (
        <td
          key={FIGURES[index]}
          className={`${CELL} text-right ${index === 1 && figure > 0 ? "text-bad" : index === 2 && figure > 0 ? "text-warn" : figure === 0 ? "text-muted" : ""}`}
        >
          {number(figure)}
        </td>
      ))}
    </tr>
  );
}

/** Of the stage that needed the most. */
const mostAttempts = ({ stages }: Run): number => Math.max(0, ...stages.map(({ attempts }) => attempts));
