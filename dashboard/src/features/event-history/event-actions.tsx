/** What can be done with one event: pointed at, copied, followed to its run. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { EventRecord } from "../../api/types";

const LINK = "text-accent underline-offset-2 hover:underline";

export function EventActions({ event }: { event: EventRecord }) {
  const [said, setSaid] = useState("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(JSON.stringify(event));
      setSaid("Copied");
    } catch {
      setSaid("This browser does not let the page copy: mark the text above.");
    }
  };
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 pt-2 text-sm">
      <button type="button" className={LINK} onClick={() => void copy()}>
        Copy as JSON
      </button>
      <Link to="/events" search={{ seq: event.seq }} className={LINK}>
        Link to this event
      </Link>
      {event.run_id && (
        <>
          <Link to="/events" search={{ run_id: event.run_id }} className={LINK}>
            Events of its run
          </Link>
          <Link to="/runs/$runId" params={{ runId: event.run_id }} className={LINK}>
            Its run
          </Link>
        </>
      )}
      <span role="status" className="text-muted">
        {said}
      </span>
    </p>
  );
}
