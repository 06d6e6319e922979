/** What the log says of the file, by its name. */
import { Link } from "@tanstack/react-router";
import type { InputDetail } from "../../api/types";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { ScrollRegion } from "../../ui/scroll-region";
import { DayTime } from "../../ui/time";
import { useEventsNaming } from "./use-input";

export function InputEvents({ input: { name } }: { input: InputDetail }) {
  const { data, error, isPending } = useEventsNaming(name);
  return (
    <Panel title="Events that name it" testId="input-events">
      <PanelProblem error={error} />
      {isPending && <p className="px-5 py-6 text-sm text-muted">Reading the log…</p>}
      {data?.length === 0 && <p className="px-5 py-6 text-sm text-muted">No event names it.</p>}
      {data && data.length > 0 && (
        <ScrollRegion label="Events that name the file" className="max-h-96">
          <ul className="px-5 py-2 text-sm">
            {data.map(({ seq, timestamp, stage, msg }) => (
              <li key={seq} className="border-t border-line py-1.5 first:border-t-0">
                <Link to="/events" search={{ seq }} className="text-accent underline">
                  <DayTime at={timestamp} />
                </Link>{" "}
                <span className="text-muted">{stage}</span> {msg}
              </li>
            ))}
          </ul>
        </ScrollRegion>
      )}
    </Panel>
  );
}
