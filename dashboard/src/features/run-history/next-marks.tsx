/** The next marks of the schedule, how long a run is expected to take, and what waits for it. */
import { useLive } from "../../backend";
import { counted, duration } from "../../ui/format";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { ScrollRegion } from "../../ui/scroll-region";
import { ClockTime, Moment } from "../../ui/time";
import { usePlan } from "./use-history";

/** A shorter run ends, for whoever reads the clock, when it begins. */
const SHOWN_FROM_MS = 60_000;

export function NextMarks() {
  const { data, error, isPending } = usePlan();
  const zone = useLive((live) => live.status?.schedule.timezone);
  return (
    <Panel title="Next marks" testId="next-marks" className="flex flex-col">
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-10 text-center text-sm text-muted">Asking the schedule…</p>}
      {data && (
        <>
          <p className="px-5 pt-3 text-sm text-muted">
            {data.paused && <strong className="text-warn">The schedule is paused. </strong>}
            {data.breaker !== "closed" && (
              <strong className="text-warn">
                Failures in a row hold the schedule back (breaker {data.breaker}).{" "}
              </strong>
            )}
            {counted(data.files_waiting, "file")} {data.files_waiting === 1 ? "waits" : "wait"}.{" "}
            {data.expected_s === null
              ? "No run has succeeded yet, so that no duration is expected."
              : `A run is expected to take ${duration(data.expected_s * 1000)}.`}
            {zone && ` The schedule’s time zone is ${zone}.`}
          </p>
          {data.marks.length === 0 ? (
            <p className="px-5 py-6 text-center text-sm text-muted">
              No marks: files that arrive start the runs.
            </p>
          ) : (
            <ScrollRegion label="List of the next marks" className="mt-3 max-h-72 border-t border-line">
              <ol className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-6 px-5 py-3 text-sm">
                {data.marks.map(({ mark, ends_at }) => (
                  <li key={mark} className="py-0.5">
                    <Moment at={mark} />
                    {ends_at && Date.parse(ends_at) - Date.parse(mark) >= SHOWN_FROM_MS && (
                      <span className="text-muted">
                        {" – "}
                        <ClockTime at={ends_at} />
                      </span>
                    )}
                  </li>
                ))}
              </ol>
            </ScrollRegion>
          )}
        </>
      )}
    </Panel>
  );
}
