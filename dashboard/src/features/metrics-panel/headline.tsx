/** The state in one word, the run behind it, and when the next one comes. */
import { Link } from "@tanstack/react-router";
import type { Status } from "../../api/types";
import { useLive } from "../../backend";
import { isActive } from "../../live/reducer";
import { titled } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { ClockTime, Moment } from "../../ui/time";
import { RUN_ICON, RUN_TONE, TEXT_TONE } from "../../ui/tone";
import { useNow } from "../../ui/use-now";
import { Elapsed } from "./stage-flow";
import { nextRunText, TRIGGERS } from "./wording";

export function Headline({ status }: { status: Status }) {
  const isLive = useLive((live) => live.connection.phase === "live");
  // What is not live has no colour: it may be another by now.
  const tone = isLive ? RUN_TONE[status.state] : "idle";
  return (
    <div className="min-w-0">
      <p className={`flex items-center gap-3 ${TEXT_TONE[tone]}`}>
        <Icon name={RUN_ICON[status.state]} className="size-9" />
        <span
          data-testid="state"
          className="text-display font-semibold tracking-tight first-letter:uppercase"
        >
          {status.state}
        </span>
      </p>
      <p className="mt-3 text-muted">
        <RunLine status={status} />
      </p>
      <NextRunLine status={status} />
    </div>
  );
}

function RunLine({ status }: { status: Status }) {
  const { run, last_run, state } = status;
  if (run) {
    return (
      <>
        Started {TRIGGERS[run.trigger]} at <ClockTime at={run.started_at} />
        {" · "}
        <Elapsed from={run.started_at} to={run.ended_at} isLive={isActive(state)} />
        {" · "}
        <RunLink runId={run.run_id} />
      </>
    );
  }
  if (last_run) {
    return (
      <>
        Last run: {titled(last_run.state).toLowerCase()},{" "}
        <Moment at={last_run.ended_at ?? last_run.started_at} />
        {" · "}
        <RunLink runId={last_run.run_id} />
      </>
    );
  }
  return <>No run yet. The first comes at the next mark, or when you press Start.</>;
}

const RunLink = ({ runId }: { runId: string }) => (
  <Link to="/runs/$runId" params={{ runId }} className="text-accent underline">
    Its page
  </Link>
);

function NextRunLine({ status }: { status: Status }) {
  const { text, isOverdue } = nextRunText(status, useNow());
  return (
    <p data-testid="next-run" className={isOverdue ? "font-medium text-warn" : "text-muted"}>
      {isOverdue && <Icon name="warning" className="mr-1.5 mb-0.5" />}
      {text}
    </p>
  );
}
