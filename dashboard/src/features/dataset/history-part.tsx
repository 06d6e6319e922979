/** The versions of a table: what made each, and the way back to it. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Dataset, TableVersion } from "../../api/types";
import { useNoChange } from "../../session";
import { Button } from "../../ui/button";
import { counted, number } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { Moment } from "../../ui/time";
import { useVersions } from "../export-panel/use-lake";
import { RestoreQuestion } from "./restore-question";

export function HistoryPart({ dataset }: { dataset: Dataset }) {
  const { data, error, isPending } = useVersions(dataset.name);
  return (
    <Panel title="Versions" aside={data && <p className="text-sm text-muted">newest first</p>}>
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Reading the log…</p>}
      <ol>
        {data?.items.map((item) => (
          <VersionRow key={item.version} dataset={dataset} item={item} />
        ))}
      </ol>
      {data?.next != null && (
        <p className="border-t border-line px-5 py-3 text-sm text-muted">
          Of {number(data.total ?? 0)} versions these are the newest;{" "}
          <code className="font-mono text-ink">quarterhour history {dataset.name}</code> shows all.
        </p>
      )}
    </Panel>
  );
}

function VersionRow({ dataset, item }: { dataset: Dataset; item: TableVersion }) {
  const [isAsking, setIsAsking] = useState(false);
  const noChange = useNoChange();
  const isNewest = item.version === dataset.version;
  return (
    <li className="flex flex-col gap-2 border-t border-line px-5 py-2.5 text-sm first:border-t-0">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5">
        <p className="min-w-0 flex-1 basis-60">
          <span className="font-medium">
            {item.version} · {item.operation.replaceAll("_", " ")}
          </span>
          <span className="text-muted">
            {" · "}
            <Moment at={item.timestamp} />
            {item.rows !== null && ` · ${counted(item.rows, "row")}`}
          </span>
          <span className="block text-xs text-muted">{changes(item)}</span>
          {item.columns.length > 0 && (
            <span className="block text-xs text-warn">{columnsInWords(item.columns)}</span>
          )}
          {item.run_id && (
            <Link
              to="/runs/$runId"
              params={{ runId: item.run_id }}
              className="text-xs text-accent hover:underline"
            >
              {item.run_id}
            </Link>
          )}
        </p>
        {item.is_kept && (
          <Link
            to="/data/$name"
            params={{ name: dataset.name }}
            search={isNewest ? {} : { version: item.version }}
            aria-label={`Rows of version ${item.version}`}
            className="text-accent hover:underline"
          >
            Rows
          </Link>
        )}
        {item.is_kept && !isNewest && !isAsking && (
          <Button onPress={() => setIsAsking(true)} unavailable={noChange}>
            Restore {item.version}…
          </Button>
        )}
        {!item.is_kept && <span className="text-muted">cleaned up</span>}
      </div>
      {isAsking && (
        <RestoreQuestion name={dataset.name} version={item.version} onEnd={() => setIsAsking(false)} />
      )}
    </li>
  );
}

function changes({ counts, files, inputs }: TableVersion): string {
  const rows = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${number(count)} ${kind}`);
  const named = files.slice(0, 3).join(", ");
  const more = inputs > 3 ? ` and ${number(inputs - 3)} more` : "";
  return [...rows, ...(named ? [`${named}${more}`] : [])].join(" · ");
}

/** "3 columns are others: tax came (DOUBLE), id INTEGER → BIGINT, note went" */
export function columnsInWords(changed: TableVersion["columns"]): string {
  const words = changed.map(({ name, before, after }) => {
    if (before === null) return `${name} came (${after})`;
    return after === null ? `${name} went` : `${name} ${before} → ${after}`;
  });
  return `${counted(changed.length, "column")} changed: ${words.join(", ")}`;
}
