/** Now for a screen on a wall: what is read from across the room, nothing to press, nothing to scroll. */
import type { Status } from "../../api/types";
import { useLive } from "../../backend";
import { ConnectionLine } from "../../shell/connection-line";
import { Degraded } from "../../shell/degraded";
import { counted } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { Moment } from "../../ui/time";
import { FILL_TONE, RUN_ICON, RUN_TONE, TEXT_TONE } from "../../ui/tone";
import { useNow } from "../../ui/use-now";
import { Dial } from "../metrics-panel/dial";
import { StageFlow } from "../metrics-panel/stage-flow";
import { nextRunText, TRIGGERS } from "../metrics-panel/wording";
import { useWall } from "./use-wall";

const NOTHING_EXPECTED = new Map<string, number>();

export default function Wall() {
  useWall();
  const status = useLive((live) => live.status);
  const isLive = useLive((live) => live.connection.phase === "live");
  const tone = status && isLive ? RUN_TONE[status.state] : "idle";
  return (
    <div data-testid="wall" className="fixed inset-0 flex flex-col overflow-hidden">
      <div className={`h-3 shrink-0 ${FILL_TONE[tone]}`} />
      <div className="flex min-h-0 flex-1 flex-col justify-between gap-6 px-12 py-8">
        <header className="flex items-center justify-between text-lg">
          <p className="font-semibold">quarterhour</p>
          <ConnectionLine />
        </header>
        <div role="status" className="flex flex-col gap-2 text-xl empty:hidden">
          <Degraded />
        </div>
        {status && <State status={status} isLive={isLive} />}
        {status && <StageFlow status={status} expected={NOTHING_EXPECTED} />}
        {status && <Rows status={status} />}
      </div>
    </div>
  );
}

function State({ status, isLive }: { status: Status; isLive: boolean }) {
  const { state, run } = status;
  const next = nextRunText(status, useNow());
  return (
    <div className="flex items-center gap-14">
      <div className="size-72 shrink-0">
        <Dial status={status} />
      </div>
      <div className="min-w-0">
        {/* What is not live is pale: it may be another by now. */}
        <p className={`flex items-center gap-6 ${TEXT_TONE[RUN_TONE[state]]} ${isLive ? "" : "opacity-50"}`}>
          <Icon name={RUN_ICON[state]} className="size-24" />
          <span
            data-testid="state"
            className="text-[8rem] leading-none font-semibold tracking-tight first-letter:uppercase"
          >
            {state}
          </span>
        </p>
        {state === "failed" && run && <p className="mt-5 line-clamp-2 text-2xl text-bad">{run.message}</p>}
        <p className={`mt-5 text-2xl ${next.isOverdue ? "font-semibold text-warn" : "text-muted"}`}>
          {next.text}
        </p>
      </div>
    </div>
  );
}

function Rows({ status }: { status: Status }) {
  const run = status.run ?? status.last_run;
  if (!run) return <p className="text-xl text-muted">No run yet.</p>;
  const { rows, quarantined, inserted, updated, held_back } = run.counts;
  return (
    <p className="flex flex-wrap gap-x-8 text-xl">
      <span className="text-muted">
        Started {TRIGGERS[run.trigger]}, <Moment at={run.started_at} />
      </span>
      <span>{counted(rows, "row")} translated</span>
      <span>{counted(inserted, "row")} inserted</span>
      <span>{counted(updated, "row")} updated</span>
      {quarantined > 0 && <span className="text-bad">{counted(quarantined, "row")} quarantined</span>}
      {held_back > 0 && <span className="text-warn">{counted(held_back, "row")} held back</span>}
    </p>
  );
}
