/** What is declared of a table, and what it came to. */
import { counted } from "../../ui/format";
import { Icon, type IconName } from "../../ui/icon";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { Ago } from "../../ui/time";
import { TEXT_TONE, type Tone } from "../../ui/tone";
import { useChecks } from "./use-dataset";

const OUTCOMES: Record<"passed" | "warned" | "failed" | "skipped", { tone: Tone; icon: IconName }> = {
  passed: { tone: "ok", icon: "check" },
  warned: { tone: "warn", icon: "warning" },
  failed: { tone: "bad", icon: "cross" },
  skipped: { tone: "idle", icon: "dash" },
};

export function ChecksPart({ name }: { name: string }) {
  const { data, error, isPending } = useChecks(name);
  return (
    <Panel
      title="Checks"
      aside={
        data?.checked_at && (
          <p className="text-sm text-muted">
            made <Ago at={data.checked_at} />
          </p>
        )
      }
    >
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Asking…</p>}
      {data?.checks.length === 0 && (
        <p className="px-5 py-10 text-center text-sm text-muted">
          Nothing is declared of this table.{" "}
          <code className="font-mono text-ink">quarterhour checks suggest {name}</code> proposes checks from
          what it holds.
        </p>
      )}
      <ul>
        {data?.checks.map(({ name: check, asks, columns, result }) => {
          const { tone, icon } = OUTCOMES[result?.outcome ?? "skipped"];
          return (
            <li key={check} className="flex gap-3 border-t border-line px-5 py-2.5 text-sm first:border-t-0">
              <Icon name={icon} className={`mt-0.5 ${TEXT_TONE[tone]}`} />
              <div className="flex min-w-0 flex-1 flex-wrap gap-x-3">
                <div className="min-w-0 flex-1 basis-44">
                  <p className="font-medium">
                    {columns.join(", ")} {asks}
                  </p>
                  <p className="text-xs text-muted">{result?.message ?? "Not made yet"}</p>
                </div>
                <p className={`ml-auto whitespace-nowrap ${TEXT_TONE[tone]}`}>
                  {result?.outcome ?? "not made yet"}
                  {result && result.failures > 0 && ` · ${counted(result.failures, "row")}`}
                </p>
              </div>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
