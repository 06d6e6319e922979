/** What failed and where, what led up to it, what is different, what happens next, and what a person can do; it leads the page. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Run, Status } from "../../api/types";
import { titled } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { NotAnswered, ProblemNote } from "../../ui/problem-note";
import { ClockTime, Moment } from "../../ui/time";
import { adviceFor, reasonText } from "../metrics-panel/wording";
import { useConfigurationChanges, useGoodRunBefore, useRefreshRun } from "../run-details/use-run";
import { changedFigures, nextByItself } from "./failure-facts";
import { useFirstPutAside, useLastLines, useSchemaChanges } from "./use-failure";

export function FailureCard({ run, status }: { run: Run; status: Status }) {
  useRefreshRun();
  const stage = run.stages.find(({ state }) => state === "failed");
  const reason = stage?.reason ?? run.reason;
  const message = stage?.message || run.message;
  return (
    <section
      aria-label="Failure"
      className="rounded-xl border border-bad/40 bg-bad/8 px-5 py-4"
      data-testid="failure"
    >
      <div className="flex gap-3">
        <Icon name="warning" className="mt-0.5 size-5 text-bad" />
        <div className="min-w-0">
          <p className="font-semibold text-bad">
            {stage ? `${titled(stage.name)} failed` : "The run failed"}: {reasonText(reason)}
          </p>
          {message && <p className="mt-1 font-mono text-sm whitespace-pre-wrap">{message}</p>}
        </div>
      </div>
      <Problems run={run} />
      <dl className="mt-4 grid gap-x-10 gap-y-4 pl-8 text-sm lg:grid-cols-2">
        <Part title="First bad row">
          <FirstPutAside runId={run.run_id} />
        </Part>
        <Part title="Changed since the last good run">
          <Changes run={run} />
        </Part>
        <Part title="Last lines before it">
          <LastLines runId={run.run_id} />
        </Part>
        <Part title="Next">
          <p>{nextByItself(status)}</p>
          <p className="mt-1">{adviceFor(reason)}</p>
          <Link
            to="/runs/$runId"
            params={{ runId: run.run_id }}
            className="mt-1 inline-block font-medium text-accent underline"
          >
            Open the run
          </Link>
        </Part>
      </dl>
    </section>
  );
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <div className="min-w-0">
    <dt className="text-xs font-semibold text-muted">{title}</dt>
    <dd className="mt-1">{children}</dd>
  </div>
);

/** Once, where one cause keeps several parts from being told. */
function Problems({ run: { run_id } }: { run: Run }) {
  const parts = [useFirstPutAside(run_id), useGoodRunBefore(run_id), useLastLines(run_id)];
  const byText = new Map(parts.flatMap(({ error }) => (error ? [[error.message, error]] : [])));
  return [...byText].map(([text, error]) => (
    <div key={text} className="mt-4 ml-8">
      <NotAnswered error={error} />
    </div>
  ));
}

const NotKnown = () => <p className="text-muted">Not known.</p>;

function FirstPutAside({ runId }: { runId: string }) {
  const { data: item, error } = useFirstPutAside(runId);
  if (error) return <NotKnown />;
  if (item === undefined) return <p className="text-muted">Looking…</p>;
  if (item === null) return <p className="text-muted">This run put no row and no file aside.</p>;
  const where = [
    item.file,
    item.line === null ? "the whole file" : `line ${item.line}`,
    item.column && `column ${item.column}`,
  ];
  return (
    <>
      <p className="font-medium">{where.filter(Boolean).join(", ")}</p>
      <p>{item.reason}</p>
      {item.raw && <p className="mt-1 line-clamp-3 font-mono text-xs wrap-anywhere">{item.raw}</p>}
    </>
  );
}

/** The run's own page has them all. */
const SETTINGS_SHOWN = 8;

function Changes({ run }: { run: Run }) {
  const { data: before, error } = useGoodRunBefore(run.run_id);
  const schema = useSchemaChanges(run.run_id, before?.run_id);
  const configuration = useConfigurationChanges(run, before);
  if (error) return <NotKnown />;
  if (before === undefined) return <p className="text-muted">Looking…</p>;
  if (before === null) return <p className="text-muted">No run before it has succeeded.</p>;
  const settings = configuration.data ?? [];
  const changes = [
    ...settings.slice(0, SETTINGS_SHOWN),
    ...(settings.length > SETTINGS_SHOWN ? [`and ${settings.length - SETTINGS_SHOWN} more settings`] : []),
    ...(schema.data ?? []),
    ...changedFigures(run, before),
  ];
  return (
    <>
      {schema.error && <ProblemNote error={schema.error} />}
      {configuration.error && <ProblemNote error={configuration.error} />}
      <ul className="flex flex-wrap gap-x-4 gap-y-0.5">
        {changes.map((change) => (
          <li key={change}>{change}</li>
        ))}
      </ul>
      <p className="text-muted">
        {changes.length === 0
          ? "Neither settings, files, rows, columns nor durations differ from"
          : "Compared with"}{" "}
        the run of <Moment at={before.started_at} />
      </p>
    </>
  );
}

function LastLines({ runId }: { runId: string }) {
  const { data: lines, error } = useLastLines(runId);
  if (error) return <NotKnown />;
  if (lines === undefined) return <p className="text-muted">Looking…</p>;
  if (lines.length === 0) return <p className="text-muted">It logged nothing.</p>;
  return (
    <ul className="space-y-0.5 font-mono text-xs">
      {lines.map(({ seq, timestamp, stage, msg }) => (
        <li key={seq} className="line-clamp-3 wrap-anywhere" title={msg}>
          <ClockTime at={timestamp} /> {stage}: {msg}
        </li>
      ))}
    </ul>
  );
}
