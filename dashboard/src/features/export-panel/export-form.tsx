/** What of a table is taken out, and how: version, columns, rows. It tells what the file would hold before it is made. */
import { type ReactNode, useId, useState } from "react";
import { Problem } from "../../api/client";
import type { Dataset } from "../../api/types";
import { buttonClass } from "../../ui/button";
import { bytes, counted, moment } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { ProblemNote } from "../../ui/problem-note";
import { useNow } from "../../ui/use-now";
import { type Choice, exportAddress, FORMATS, isSpreadsheet, NEWEST, WHOLE } from "./export-choice";
import { useExportCheck, useVersions } from "./use-lake";

interface Props {
  dataset: Dataset;
}

const FIELD = "h-8 w-full min-w-0 rounded-lg border border-line bg-surface px-2 text-sm";

export function ExportForm({ dataset }: Props) {
  const [choice, setChoice] = useState<Choice>(WHOLE);
  const change = (part: Partial<Choice>) => setChoice({ ...choice, ...part });
  return (
    <form
      aria-label={`Export ${dataset.name}`}
      className="mt-2 flex w-full flex-col gap-3 rounded-lg bg-sunken p-3 text-sm"
      onSubmit={(event) => event.preventDefault()}
    >
      <div className="grid grid-cols-1 gap-3 min-[26rem]:grid-cols-2">
        <Field label="Format">
          {(id) => (
            <select
              id={id}
              className={FIELD}
              value={choice.format}
              onChange={({ target }) => change({ format: target.value as Choice["format"] })}
            >
              {FORMATS.map(({ format, label }) => (
                <option key={format} value={format}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        <VersionField dataset={dataset.name} choice={choice} change={change} />
      </div>
      <Columns dataset={dataset} choice={choice} change={change} />
      <Field label="Only rows where">
        {(id) => (
          <textarea
            id={id}
            rows={2}
            spellCheck={false}
            placeholder={"dep_delay > 60 AND origin = 'JFK'"}
            className={`${FIELD} h-auto resize-y py-1.5 font-mono placeholder:text-muted`}
            value={choice.where}
            onChange={({ target }) => change({ where: target.value })}
          />
        )}
      </Field>
      {isSpreadsheet(choice.format) && (
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={choice.isSafe}
            onChange={({ target }) => change({ isSafe: target.checked })}
          />
          Neutralise formulas in text
        </label>
      )}
      <Outcome dataset={dataset.name} choice={choice} />
    </form>
  );
}

function Field({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="text-xs text-muted">
        {label}
      </label>
      {children(id)}
    </div>
  );
}

interface Changing {
  choice: Choice;
  change: (part: Partial<Choice>) => void;
}

function VersionField({ dataset, choice, change }: Changing & { dataset: string }) {
  const versions = useVersions(dataset);
  const nowMs = useNow();
  return (
    <Field label="Version">
      {(id) => (
        <select
          id={id}
          className={FIELD}
          value={choice.version ?? NEWEST}
          onChange={({ target }) =>
            change({ version: target.value === NEWEST ? null : Number(target.value) })
          }
        >
          <option value={NEWEST}>newest</option>
          {versions.data?.items
            .filter(({ is_kept }) => is_kept)
            .map(({ version, timestamp, operation }) => (
              <option key={version} value={version}>
                {version} · {moment(timestamp, nowMs)} · {operation}
              </option>
            ))}
        </select>
      )}
    </Field>
  );
}

function Columns({ dataset, choice, change }: Changing & Props) {
  const names = dataset.columns.map(({ name }) => name);
  const chosen = choice.columns ?? names;
  const toggle = (name: string) => {
    const next = names.filter((one) => chosen.includes(one) !== (one === name));
    change({ columns: next.length === names.length ? null : next });
  };
  return (
    <details>
      <summary className="cursor-pointer text-muted">
        {choice.columns ? `${chosen.length} of ${counted(names.length, "column")}` : "All columns"}
      </summary>
      <fieldset className="mt-2 grid max-h-44 grid-cols-2 gap-x-3 gap-y-1 overflow-y-auto">
        <legend className="sr-only">Columns</legend>
        {names.map((name) => (
          <label key={name} className="flex min-w-0 items-center gap-2">
            <input
              type="checkbox"
              className="size-4 shrink-0 accent-accent"
              checked={chosen.includes(name)}
              onChange={() => toggle(name)}
            />
            <span className="truncate" title={name}>
              {name}
            </span>
          </label>
        ))}
      </fieldset>
      <button
        type="button"
        className="mt-1 text-accent hover:underline"
        onClick={() => change({ columns: choice.columns ? null : [] })}
      >
        {choice.columns ? "Choose all" : "Choose none"}
      </button>
    </details>
  );
}

/** Rows and size, or what stands in the way; the link is there once the server has said that the file can be made. */
function Outcome({ dataset, choice }: { dataset: string; choice: Choice }) {
  const check = useExportCheck(dataset, choice);
  const refusal =
    choice.columns?.length === 0
      ? new Problem("No columns", "choose at least one column", null)
      : (check.error ??
        (check.data?.refusal ? new Problem("Too large for Excel", check.data.refusal, null) : null));
  if (refusal) return <ProblemNote error={refusal} />;
  return (
    <div className="flex flex-wrap items-center justify-between gap-2">
      <p role="status" className="text-muted">
        {check.data
          ? `${counted(check.data.rows, "row")} · ${counted(check.data.columns.length, "column")} · version ${check.data.version}` +
            (check.data.size === null ? "" : ` · ${bytes(check.data.size)}, made already`)
          : "Counting…"}
      </p>
      {check.data ? (
        <a href={exportAddress(dataset, choice)} download className={buttonClass("primary")}>
          <Icon name="download" /> Download
        </a>
      ) : (
        <span className={buttonClass("primary")} aria-disabled="true">
          <Icon name="download" /> Download
        </span>
      )}
    </div>
  );
}
