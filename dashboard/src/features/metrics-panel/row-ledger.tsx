/** Every row of the run accounted for: what was read, where it went, that the sums close, and all of it as a picture. */
import type { ReactNode } from "react";
import type { Run } from "../../api/types";
import { counted, number } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { FILL_TONE, type Tone } from "../../ui/tone";
import { RowStreams } from "./row-streams-view";

export function RowLedger({ run }: { run: Run }) {
  const { records, rows, quarantined, inserted, updated, unchanged, held_back } = run.counts;
  const merged = inserted + updated + unchanged + held_back;
  const verdict = verdictOf(run);
  return (
    <div className="@container">
      <div className="grid gap-x-10 gap-y-4 @xl:grid-cols-2">
        <Account title={counted(records, "record")} verb="read" verdict={verdict}>
          <Part name="translated" count={rows} tone="ok" />
          <Part name="quarantined" count={quarantined} tone="bad" />
        </Account>
        <Account title={counted(merged, "row")} verb="taken in by the merger" verdict={verdict}>
          <Part name="inserted" count={inserted} tone="ok" />
          <Part name="updated" count={updated} tone="run" />
          <Part name="unchanged" count={unchanged} tone="idle" />
          <Part name="held back" count={held_back} tone="warn" />
        </Account>
        <RowStreams counts={run.counts} />
      </div>
    </div>
  );
}

type Verdict = "closes" | "open" | null;

/** The server alone decides whether the balance closes; the page only says so. */
const verdictOf = ({ state, reason }: Run): Verdict =>
  state === "success" ? "closes" : reason === "balance_open" ? "open" : null;

interface AccountProps {
  title: string;
  verb: string;
  verdict: Verdict;
  children: ReactNode;
}

const Account = ({ title, verb, verdict, children }: AccountProps) => (
  <div>
    <p className="flex items-baseline gap-2">
      <span className="text-lg font-semibold">{title}</span>
      <span className="text-sm text-muted">{verb}</span>
      {verdict && (
        <span
          className={`ml-auto inline-flex items-center gap-1 text-sm ${verdict === "closes" ? "text-ok" : "text-bad"}`}
        >
          <Icon name={verdict === "closes" ? "check" : "cross"} />
          {verdict === "closes" ? "adds up" : "does not add up"}
        </span>
      )}
    </p>
    <dl className="mt-1.5 flex flex-wrap gap-x-5 gap-y-1 text-sm">{children}</dl>
  </div>
);

/** One of the parts that a sum is made of. */
const Part = ({ name, count, tone }: { name: string; count: number; tone: Tone }) => (
  <div className={`flex items-center gap-1.5 ${count === 0 ? "text-muted" : ""}`}>
    <dt className="order-2">{name}</dt>
    <dd className="flex items-center gap-1.5 font-medium">
      <span className={`size-2 rounded-full ${FILL_TONE[tone]} ${count === 0 ? "opacity-40" : ""}`} />
      {number(count)}
    </dd>
  </div>
);
