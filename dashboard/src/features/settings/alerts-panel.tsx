/** Who is told when something is wrong, and whether that works. */
import type { Alert } from "../../api/types";
import { useNoChange } from "../../session";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { Panel } from "../../ui/panel";
import { PanelProblem, ProblemNote } from "../../ui/problem-note";
import { Ago } from "../../ui/time";
import { useAlerts, useAlertTest } from "./use-alerts";

export function AlertsPanel() {
  const { data, error, isPending } = useAlerts();
  return (
    <Panel title="Alerts" testId="alerts">
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Asking…</p>}
      {data?.items.length === 0 && (
        <p className="px-5 py-8 text-sm text-muted">
          Nobody is told when something is wrong. In{" "}
          <code className="font-mono text-ink">quarterhour.toml</code>,{" "}
          <code className="font-mono text-ink">[[alerts]]</code> sends a message by mail, chat or another
          service when a run fails, and <code className="font-mono text-ink">watchdog.ping_url</code> is the
          address of a dead man’s switch, which raises an alarm when this server falls silent.
        </p>
      )}
      <ul>
        {data?.items.map((alert) => (
          <AlertLine key={alert.name} alert={alert} />
        ))}
      </ul>
    </Panel>
  );
}

function AlertLine({ alert }: { alert: Alert }) {
  const noChange = useNoChange();
  const test = useAlertTest(alert.name);
  const unavailable =
    noChange ??
    (test.isPending ? "It is being sent" : null) ??
    (alert.withheld && `Silent on purpose: ${alert.withheld}`);
  return (
    <li className="grid gap-x-6 gap-y-3 border-t border-line px-5 py-3.5 text-sm first:border-t-0 sm:grid-cols-[1fr_auto]">
      <div className="min-w-0">
        <h3 className="font-semibold">
          {alert.title} {alert.host && <span className="font-normal text-muted">at {alert.host}</span>}
        </h3>
        <p className="text-muted">{alert.tells}</p>
        {alert.withheld && <p className="text-warn">Silent on purpose: {alert.withheld}</p>}
        <LastDelivery last={alert.last} />
      </div>
      <div className="flex items-center gap-x-4 sm:flex-col sm:items-end sm:gap-y-2">
        <Button
          onPress={() => test.mutate()}
          unavailable={unavailable}
          explanation="Sends a real message, now"
        >
          Test <span className="sr-only">{alert.title}</span>
        </Button>
        <p role="status" className="text-ok">
          {test.data && "Delivered."}
        </p>
      </div>
      {test.error && (
        <div className="min-w-0 sm:col-span-2">
          <ProblemNote error={test.error} />
        </div>
      )}
    </li>
  );
}

const LastDelivery = ({ last }: { last: Alert["last"] }) =>
  last === null ? (
    <p className="text-muted">Nothing was sent since the server’s start.</p>
  ) : (
    <p className={last.error === null ? "text-ok" : "text-bad"}>
      <Icon name={last.error === null ? "check" : "cross"} className="mr-1 align-[-0.2rem]" />
      {last.error === null ? "Delivered" : `Not delivered: ${last.error},`} <Ago at={last.at} />
    </p>
  );
