/** Whether what is shown is live, and if not, how old it is. */
import { useBackend, useLive } from "../backend";
import { counted, span } from "../ui/format";
import { Icon } from "../ui/icon";
import { useNow } from "../ui/use-now";

const MISSED_SHOWN_MS = 30_000;

export function ConnectionLine() {
  const connection = useLive((live) => live.connection);
  return (
    <div data-testid="connection" className="flex flex-wrap items-center gap-x-2 text-sm">
      {connection.phase === "live" ? <LiveLine /> : <AwayLine />}
    </div>
  );
}

function LiveLine() {
  const missed = useLive((live) => live.missed);
  const nowMs = useNow();
  return (
    <>
      <span className="size-2 rounded-full bg-ok" aria-hidden="true" />
      <span>Live</span>
      {missed && nowMs - missed.atMs < MISSED_SHOWN_MS && (
        <span className="text-muted">{counted(missed.count, "event")} came meanwhile</span>
      )}
    </>
  );
}

function AwayLine() {
  const { socket } = useBackend();
  const connection = useLive((live) => live.connection);
  const heardAtMs = useLive((live) => live.heardAtMs);
  const nowMs = useNow();
  return (
    <>
      <Icon name="warning" className="text-warn" />
      <span>
        {connection.phase === "waiting"
          ? `Not live. Reconnecting in ${Math.max(0, Math.ceil((connection.retryAtMs - nowMs) / 1000))} s`
          : "Connecting…"}
      </span>
      {heardAtMs !== null && (
        <span className="text-muted">what you see is {span(nowMs - heardAtMs)} old</span>
      )}
      {connection.phase === "waiting" && (
        <button type="button" onClick={socket.retryNow} className="text-accent underline">
          Now
        </button>
      )}
    </>
  );
}
