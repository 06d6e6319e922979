/** What became of each mark of the schedule, day by day, and which marks come next. */
import { useMemo } from "react";
import { number } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { NotAnswered } from "../../ui/problem-note";
import { useNow } from "../../ui/use-now";
import { daysFrame, daysOf } from "./calendar-days";
import { DaysGrid } from "./days-grid";
import { frameOf, type RunsSearch } from "./runs-search";
import { usePlan, useSlots } from "./use-history";
import { VerdictSign } from "./verdict-sign";
import { BY_GRAVITY, VERDICTS } from "./verdicts";

export function MarksCalendar({ search }: { search: RunsSearch }) {
  const nowMs = useNow();
  const toMs = frameOf(search, nowMs).toMs;
  const frame = daysFrame(toMs, search.zoom === "month" ? 30 : 7);
  const slots = useSlots(frame);
  const plan = usePlan();
  const planned = search.until ? undefined : plan.data?.marks;
  const days = useMemo(
    () => daysOf(slots.data?.items ?? [], planned ?? [], { fromMs: frame.fromMs, toMs: frame.toMs }),
    [slots.data, planned, frame.fromMs, frame.toMs],
  );
  const items = slots.data?.items ?? [];
  return (
    <Panel
      title="Marks of the schedule"
      testId="marks"
      aside={
        <ul
          className="flex basis-full flex-wrap gap-x-4 sm:flex-1 sm:justify-end gap-y-1 text-xs"
          aria-label="Signs"
        >
          {[...BY_GRAVITY].reverse().map((verdict) => (
            <li key={verdict} className="flex items-center gap-1.5">
              <span className="w-3">
                <VerdictSign verdict={verdict} />
              </span>
              {number(items.filter((slot) => slot.verdict === verdict).length)} {VERDICTS[verdict].word}
            </li>
          ))}
          {planned && (
            <li className="flex items-center gap-1.5">
              <span className="w-3">
                <VerdictSign verdict={null} />
              </span>{" "}
              {number(planned.length)} to come
            </li>
          )}
        </ul>
      }
    >
      <div className="px-5 py-4">
        {slots.error && <NotAnswered error={slots.error} />}
        {slots.isPending && <p className="py-10 text-center text-sm text-muted">Reading the marks…</p>}
        {slots.data && <DaysGrid days={days} />}
      </div>
    </Panel>
  );
}
