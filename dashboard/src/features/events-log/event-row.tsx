/** One event in a line; pressed, it opens to the whole of it. */
import type { ReactNode } from "react";
import type { EventRecord } from "../../api/types";
import { Icon, type IconName } from "../../ui/icon";
import { ClockTime, DayTime } from "../../ui/time";
import { TEXT_TONE } from "../../ui/tone";
import { SEVERITY_TONE, type Severity, severityOf } from "./event-view";

const ICONS: Record<Severity, IconName> = {
  routine: "idle",
  info: "idle",
  good: "check",
  warning: "warning",
  error: "cross",
};

/** Closed rows are not measured: reading forty heights for each step of a flood would stop the page. */
export const rowHeightPx = (): number => (window.innerWidth < 640 ? 48 : 28);

interface Props {
  event: EventRecord;
  isOpen: boolean;
  onToggle: () => void;
  isDated?: boolean | undefined;
  /** The one that somebody pointed at. */
  isMarked?: boolean | undefined;
  /** What can be done with an open one. */
  actions?: ((event: EventRecord) => ReactNode) | undefined;
}

export function EventRow({ event, isOpen, onToggle, isDated, isMarked, actions }: Props) {
  const severity = severityOf(event);
  const isProblem = severity === "error" || severity === "warning";
  const tone = TEXT_TONE[SEVERITY_TONE[severity]];
  return (
    <details
      open={isOpen}
      aria-current={isMarked || undefined}
      className={isMarked ? "bg-accent/8 shadow-[inset_3px_0_0_var(--color-accent)]" : ""}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is pressed by mouse and keyboard as it is */}
      <summary
        onClick={(click) => {
          // Whether it is open is kept with the list: a row that is scrolled out of view is not drawn.
          click.preventDefault();
          onToggle();
        }}
        className={`grid h-12 w-full cursor-pointer list-none grid-cols-[1rem_auto_1fr] items-baseline gap-x-3 px-5 py-1 text-left text-sm -outline-offset-2 hover:bg-sunken/60 sm:h-7 ${isDated ? "sm:grid-cols-[1rem_8rem_6rem_5rem_1fr]" : "sm:grid-cols-[1rem_4rem_6rem_5rem_1fr]"} ${severity === "error" ? "bg-bad/6" : ""}`}
      >
        <Icon name={ICONS[severity]} className={`translate-y-0.5 ${tone}`} />
        <span className="font-mono text-xs text-muted">
          {isDated ? <DayTime at={event.timestamp} /> : <ClockTime at={event.timestamp} />}
        </span>
        <span className="truncate font-medium">{event.stage}</span>
        <span
          className={`col-start-2 truncate text-xs sm:col-start-auto ${isProblem ? `font-semibold ${tone}` : "text-muted"}`}
        >
          {event.event}
        </span>
        <span className={`truncate ${severity === "error" ? "text-bad" : ""}`}>{event.msg}</span>
      </summary>
      {isOpen && (
        <div className="px-5 pb-2">
          <pre className="overflow-x-auto rounded-lg bg-sunken px-4 py-3 font-mono text-xs whitespace-pre-wrap">
            {JSON.stringify(event, null, 2)}
          </pre>
          {actions?.(event)}
        </div>
      )}
    </details>
  );
}
