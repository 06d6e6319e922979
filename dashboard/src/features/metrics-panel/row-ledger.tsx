/** Every row of the run accounted for: what was read, where it went, and that the sums close. */
import type { Run } from "../../api/types";
import { counted, number } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { FILL_TONE, type Tone } from "../../ui/tone";

interface Part {
  name: string;
  count: number;
  /** A lighter shade where two parts share a tone. */
  look: string;
}

export function RowLedger({ run }: { run: Run }) {
  const { records, rows, quarantined, inserted, updated, unchanged, held_back } = run.counts;
  const merged = inserted + updated + unchanged + held_back;
  return (
    <div className="grid gap-x-10 gap-y-6 md:grid-cols-2">
      <Account
        title={counted(records, "record")}
        verb="read"
        total={records}
        parts={[
          { name: "rows", count: rows, look: look("ok") },
          { name: "quarantined", count: quarantined, look: look("bad") },
        ]}
        verdict={verdictOf(run)}
      />
      <Account
        title={counted(merged, "row")}
        verb="merged"
        total={merged}
        parts={[
          { name: "inserted", count: inserted, look: look("ok") },
          { name: "updated", count: updated, look: look("run") },
          { name: "unchanged", count: unchanged, look: look("idle") },
          { name: "held back", count: held_back, look: look("warn") },
        ]}
        verdict={verdictOf(run)}
      />
    </div>
  );
}

const look = (tone: Tone): string => FILL_TONE[tone];

type Verdict = "closes" | "open" | null;

/** The server alone decides whether the balance closes; the page only says so. */
const verdictOf = ({ state, reason }: Run): Verdict =>
  state === "success" ? "closes" : reason === "balance_open" ? "open" : null;

interface AccountProps {
  title: string;
  verb: string;
  total: number;
  parts: Part[];
  verdict: Verdict;
}

const Account = ({ title, verb, total, parts, verdict }: AccountProps) => (
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
    <div className="mt-2 flex h-2.5 gap-0.5 overflow-hidden rounded-full bg-sunken" aria-hidden="true">
      {parts.map(
        ({ name, count, look }) =>
          // Two pixels at least: one bad row in a million is still seen.
          count > 0 && (
            <span key={name} className={`min-w-1 ${look}`} style={{ flexGrow: count / Math.max(1, total) }} />
          ),
      )}
    </div>
    <dl className="mt-2.5 flex flex-wrap gap-x-5 gap-y-1 text-sm">
      {parts.map(({ name, count, look }, index) => (
        <div key={name} className={`flex items-center gap-1.5 ${count === 0 ? "text-muted" : ""}`}>
          <dt className="order-2">{name}</dt>
          <dd className="flex items-center gap-1.5 font-medium">
            <span className="sr-only">{index === 0 ? "" : "plus "}</span>
            <span className={`size-2 rounded-full ${look} ${count === 0 ? "opacity-40" : ""}`} />
            {number(count)}
          </dd>
        </div>
      ))}
    </dl>
  </div>
);
