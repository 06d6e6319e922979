/** The lanes with their time axis. The runs' own lane is walked with the arrow keys; what is chosen there is told below. */
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useId, useState } from "react";
import { titled } from "../../ui/format";
import { FILL_TONE, RUN_TONE, type Tone } from "../../ui/tone";
import { BarReadout } from "./bar-readout";
import type { Bar, Lane } from "./lanes";
import { type Frame, type RunsSearch, ZOOMS, type Zoom, zoomedTo } from "./runs-search";
import { stepIn } from "./step-in";
import { ticksOf } from "./ticks";

interface Props {
  lanes: Lane[];
  frame: Frame;
  zoom: Zoom;
  search: RunsSearch;
  onSearch: (search: RunsSearch) => void;
}

/** What failed stands out by its height too. */
const HEIGHT: Record<Tone, string> = { ok: "h-3", idle: "h-3", run: "h-4", warn: "h-5", bad: "h-7" };

const idOf = ({ runs }: Bar): string => runs[0]?.run_id ?? "";

export function LanesView({ lanes, frame, zoom, search, onSearch }: Props) {
  const listId = useId();
  const navigate = useNavigate();
  const [chosenId, setChosenId] = useState<string | null>(null);
  const bars = lanes[0]?.bars ?? [];
  const chosen = Math.max(
    -1,
    bars.findIndex((bar) => idOf(bar) === chosenId),
  );
  const shown = bars[chosen] ?? null;

  const open = (bar: Bar | null): void => {
    if (!bar) return;
    const finer = ZOOMS[ZOOMS.indexOf(zoom) - 1];
    const gravest = bar.runs.findLast(({ state }) => RUN_TONE[state] === bar.tone);
    if (bar.runs.length > 1 && finer) {
      const middle = frame.fromMs + ((bar.from + bar.to) / 2) * (frame.toMs - frame.fromMs);
      onSearch(zoomedTo(search, finer, middle, Date.now()));
    } else if (gravest) void navigate({ to: "/runs/$runId", params: { runId: gravest.run_id } });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" || event.key === " ") open(shown);
    else {
      const next = stepIn(event.key, chosen, bars.length);
      if (next === null) return;
      setChosenId(bars[next] ? idOf(bars[next]) : null);
    }
    event.preventDefault();
  };

  return (
    <>
      <div className="grid grid-cols-[4.5rem_1fr] items-center gap-x-3 gap-y-1 sm:grid-cols-[6.5rem_1fr]">
        {lanes.map(({ stage, bars: own }) => (
          <LaneRow key={stage ?? ""} name={stage === null ? "Runs" : titled(stage)}>
            {stage === null && own.length > 0 ? (
              <div
                role="listbox"
                aria-label="Runs in the order of time"
                aria-activedescendant={shown ? `${listId}-${chosen}` : undefined}
                tabIndex={0}
                onKeyDown={onKeyDown}
                className="relative isolate h-9"
              >
                <Ticks frame={frame} zoom={zoom} />
                {own.map((bar, index) => (
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the list itself takes the keys
                  <div
                    key={idOf(bar)}
                    id={`${listId}-${index}`}
                    role="option"
                    // The list keeps the focus, and says which of its options is meant.
                    tabIndex={-1}
                    aria-selected={index === chosen}
                    aria-label={labelOf(bar)}
                    onPointerEnter={() => setChosenId(idOf(bar))}
                    onClick={() => open(bar)}
                    className="absolute top-0 flex h-full min-w-0.5 cursor-pointer items-center"
                    style={place(bar)}
                  >
                    <BarMark tone={bar.tone} isChosen={index === chosen} />
                  </div>
                ))}
              </div>
            ) : (
              <div className="relative h-9" aria-hidden="true">
                <Ticks frame={frame} zoom={zoom} />
                {own.map((bar) => (
                  <div
                    key={idOf(bar)}
                    className="absolute top-0 flex h-full min-w-0.5 items-center"
                    style={place(bar)}
                  >
                    <BarMark tone={bar.tone} isChosen={false} />
                  </div>
                ))}
              </div>
            )}
          </LaneRow>
        ))}
        <span />
        <Axis frame={frame} zoom={zoom} />
      </div>
      <BarReadout
        bar={shown}
        isEmpty={bars.length === 0}
        onZoom={zoom === "hour" ? null : () => open(shown)}
      />
    </>
  );
}

/** What failed lies over what did not. */
const place = ({ from, to, tone }: Bar) => ({
  left: `${from * 100}%`,
  width: `${(to - from) * 100}%`,
  zIndex: tone === "bad" ? 1 : 0,
});

const labelOf = ({ runs }: Bar): string => {
  const [first] = runs;
  return runs.length === 1 && first ? `${first.started_at}: ${first.state}` : `${runs.length} runs`;
};

const LaneRow = ({ name, children }: { name: string; children: React.ReactNode }) => (
  <>
    <span className="truncate text-xs font-medium sm:text-sm">{name}</span>
    {children}
  </>
);

const BarMark = ({ tone, isChosen }: { tone: Tone; isChosen: boolean }) => (
  <span
    className={`w-full rounded-xs ${HEIGHT[tone]} ${FILL_TONE[tone]} ${isChosen ? "outline-2 outline-offset-1 outline-ink" : ""}`}
  />
);

const Ticks = ({ frame, zoom }: { frame: Frame; zoom: Zoom }) => (
  <span className="absolute inset-0 rounded-sm bg-sunken/60">
    {ticksOf(frame, zoom).map(({ at }) => (
      <span key={at} className="absolute inset-y-0 w-px bg-line" style={{ left: `${at * 100}%` }} />
    ))}
  </span>
);

const Axis = ({ frame, zoom }: { frame: Frame; zoom: Zoom }) => (
  <div className="relative h-5 overflow-hidden text-xs text-muted" aria-hidden="true">
    {ticksOf(frame, zoom).map(({ at, label }, index) => (
      <span
        key={at}
        className={`absolute whitespace-nowrap ${at > 0.94 ? "-translate-x-full" : at > 0.03 ? "-translate-x-1/2" : ""} ${index % 2 ? "hidden sm:inline" : ""}`}
        style={{ left: `${at * 100}%` }}
      >
        {label}
      </span>
    ))}
  </div>
);
