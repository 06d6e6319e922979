/** Run one stage alone. */
import { useId } from "react";
import { buttonClass } from "../../ui/button";
import { titled } from "../../ui/format";
import { Icon } from "../../ui/icon";

interface Props {
  stages: readonly string[];
  unavailable: string | null;
  onRun: (stage: string) => void;
}

export function StageMenu({ stages, unavailable, onRun }: Props) {
  const id = useId();
  return (
    <>
      <button
        type="button"
        popoverTarget={unavailable ? undefined : id}
        className={buttonClass("plain")}
        aria-disabled={unavailable ? true : undefined}
        title={unavailable ?? "Run one stage alone"}
      >
        Run one stage
        <Icon name="chevron" className="-mr-1 text-muted" />
      </button>
      {/* The browser opens and closes it, by key and by a press elsewhere. One that cannot place it below shows it in the middle. */}
      <ul
        id={id}
        popover="auto"
        aria-label="Stages"
        className="min-w-40 rounded-lg border border-line bg-surface p-1 text-sm text-ink shadow-lg shadow-ink/10 supports-[position-area:bottom]:m-0 supports-[position-area:bottom]:mt-1.5 supports-[position-area:bottom]:[inset:auto] supports-[position-area:bottom]:[position-area:bottom_span-right] supports-[position-area:bottom]:[position-try-fallbacks:flip-inline]"
      >
        {stages.map((stage) => (
          <li key={stage}>
            <button
              type="button"
              popoverTarget={id}
              popoverTargetAction="hide"
              onClick={() => onRun(stage)}
              className="w-full rounded-md px-3 py-1.5 text-left hover:bg-accent hover:text-paper focus-visible:bg-accent focus-visible:text-paper"
            >
              {titled(stage)}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
