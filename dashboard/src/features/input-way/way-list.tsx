/** The steps of a file's way, each with its time and the run that took it. */
import { Link } from "@tanstack/react-router";
import type { InputDetail } from "../../api/types";
import { Icon } from "../../ui/icon";
import { Panel } from "../../ui/panel";
import { DayTime } from "../../ui/time";
import { TEXT_TONE } from "../../ui/tone";
import { InputAction } from "../data-tables/input-action";
import { useRun } from "../run-details/use-run";
import { wayOf } from "./way";

export function WayList({ input }: { input: InputDetail }) {
  const { run } = useRun(input.merged_run_id ?? input.run_id ?? "");
  return (
    <Panel
      title="Its way"
      testId="way"
      aside={
        <div className="ml-auto">
          <InputAction item={input} />
        </div>
      }
    >
      <ol className="px-5 py-2">
        {wayOf(input, input.merged_run_id ? run : null).map(({ title, words, at, runId, tone, icon }) => (
          <li key={title} className="flex gap-3 border-t border-line py-2.5 text-sm first:border-t-0">
            <Icon name={icon} className={`mt-0.5 ${TEXT_TONE[tone]}`} />
            <div className="min-w-0 flex-1">
              <p className="flex flex-wrap gap-x-3">
                <span className="font-medium">{title}</span>
                {at && (
                  <span className="text-muted">
                    <DayTime at={at} />
                  </span>
                )}
                {runId && (
                  <Link to="/runs/$runId" params={{ runId }} className="break-all text-accent underline">
                    {runId}
                  </Link>
                )}
              </p>
              <p className="text-muted">{words}</p>
            </div>
          </li>
        ))}
      </ol>
      <Versions input={input} />
    </Panel>
  );
}

/** The contents that the same file had before and since. */
function Versions({ input: { replaces, replaced_by } }: { input: InputDetail }) {
  const others = [
    ...(replaces ? [{ ...replaces, word: "The version before it" }] : []),
    ...replaced_by.map((one) => ({ ...one, word: "A later version" })),
  ];
  if (others.length === 0) return null;
  return (
    <ul className="border-t border-line px-5 py-3 text-sm">
      {others.map(({ id, name, word }) => (
        <li key={id}>
          <span className="text-muted">{word}: </span>
          <Link to="/data/inputs/$id" params={{ id }} className="break-all text-accent underline">
            {name}
          </Link>{" "}
          <code className="text-xs text-muted">{id.slice(0, 8)}</code>
        </li>
      ))}
    </ul>
  );
}
