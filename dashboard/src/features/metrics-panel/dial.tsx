/** The hour as a ring: where the minute is, the way to the next mark, and, inside, how far a run is. */
import type { Status } from "../../api/types";
import { isActive } from "../../live/reducer";
import { minuteOfDay } from "../../ui/calendar";
import { clock, percent } from "../../ui/format";
import { RUN_TONE, TEXT_TONE } from "../../ui/tone";
import { useNow } from "../../ui/use-now";

const HOUR_MS = 3_600_000;
const RING = { center: 100, radius: 86, progressRadius: 70 };

export function Dial({ status }: { status: Status }) {
  const nowMs = useNow();
  const isRunning = isActive(status.state);
  const nowTurn = ((minuteOfDay(nowMs) % 60) + new Date(nowMs).getSeconds() / 60) / 60;
  const leftMs = status.schedule.next_run_at ? Date.parse(status.schedule.next_run_at) - nowMs : null;
  const nextTurn = leftMs !== null && leftMs >= 0 && leftMs <= HOUR_MS ? leftMs / HOUR_MS : 0;

  return (
    <svg viewBox="0 0 200 200" className="size-full" aria-hidden="true">
      {TICKS}
      <Arc from={nowTurn} length={nextTurn} radius={RING.radius} className="text-accent" width={9} />
      <g transform={`rotate(${nowTurn * 360} ${RING.center} ${RING.center})`}>
        <circle
          cx={RING.center}
          cy={RING.center - RING.radius}
          r="6.5"
          className="fill-surface stroke-ink"
          strokeWidth="3"
        />
      </g>
      {isRunning && (
        <>
          <circle
            cx={RING.center}
            cy={RING.center}
            r={RING.progressRadius}
            fill="none"
            className="stroke-sunken"
            strokeWidth="7"
          />
          <Arc
            from={0}
            length={status.progress ?? 0}
            radius={RING.progressRadius}
            className={TEXT_TONE[RUN_TONE[status.state]]}
            width={7}
          />
        </>
      )}
      <Centre status={status} leftMs={leftMs} isRunning={isRunning} />
    </svg>
  );
}

const Tick = ({ minute }: { minute: number }) => {
  const isQuarter = minute % 15 === 0;
  return (
    <line
      x1={RING.center}
      x2={RING.center}
      y1={RING.center - RING.radius - (isQuarter ? 11 : 4)}
      y2={RING.center - RING.radius + (isQuarter ? 6 : 2)}
      transform={`rotate(${minute * 6} ${RING.center} ${RING.center})`}
      className={isQuarter ? "stroke-ink" : "stroke-muted/50"}
      strokeWidth={isQuarter ? 2.5 : 1.2}
      strokeLinecap="round"
    />
  );
};

const MINUTES = Array.from({ length: 60 }, (_, minute) => minute);

// They never change: drawn once.
const TICKS = MINUTES.map((minute) => <Tick key={minute} minute={minute} />);

interface ArcProps {
  /** In turns from the top. */
  from: number;
  length: number;
  radius: number;
  width: number;
  className: string;
}

const Arc = ({ from, length, radius, width, className }: ArcProps) => (
  <circle
    cx={RING.center}
    cy={RING.center}
    r={radius}
    fill="none"
    stroke="currentColor"
    className={`${className} transition-[stroke-dasharray] duration-300 ease-calm`}
    strokeWidth={width}
    strokeLinecap={length > 0 ? "round" : "butt"}
    pathLength="1"
    strokeDasharray={`${length} 2`}
    transform={`rotate(${from * 360 - 90} ${RING.center} ${RING.center})`}
  />
);

function Centre({
  status,
  leftMs,
  isRunning,
}: {
  status: Status;
  leftMs: number | null;
  isRunning: boolean;
}) {
  const { next_run_at, paused } = status.schedule;
  const [big, small] = isRunning
    ? [percent(status.progress ?? 0), "of the run"]
    : paused || leftMs === null || next_run_at === null
      ? ["–", paused ? "paused" : "no mark"]
      : [countdown(leftMs), `to ${clock(next_run_at)}`];
  return (
    <g textAnchor="middle" className="fill-ink">
      <text x="100" y="106" className="text-[2.35rem] font-semibold tracking-tight">
        {big}
      </text>
      <text x="100" y="129" className="fill-muted text-[0.9rem]">
        {small}
      </text>
    </g>
  );
}

/** "12:41", minutes and seconds; hours and minutes where it is longer. */
function countdown(leftMs: number): string {
  const seconds = Math.max(0, Math.floor(leftMs / 1000));
  const pad = (value: number) => String(value).padStart(2, "0");
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${pad(Math.floor(seconds / 60) % 60)}`;
  return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}`;
}
