/** What failed, why, and what can be done; it leads the panel. */
import type { Run } from "../../api/types";
import { titled } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { adviceFor, reasonText } from "./wording";

export function FailureNotice({ run }: { run: Run }) {
  const stage = run.stages.find(({ state }) => state === "failed");
  const message = stage?.message || run.message;
  return (
    <div className="flex gap-3 rounded-xl border border-bad/40 bg-bad/8 px-5 py-4">
      <Icon name="warning" className="mt-0.5 size-5 text-bad" />
      <div className="min-w-0">
        <p className="font-semibold text-bad">
          {stage ? `${titled(stage.name)} failed` : "The run failed"}:{" "}
          {reasonText(stage?.reason ?? run.reason)}
        </p>
        {message && <p className="mt-1 font-mono text-sm break-words whitespace-pre-wrap">{message}</p>}
        <p className="mt-1 text-sm text-muted">{adviceFor(stage?.reason ?? run.reason)}</p>
      </div>
    </div>
  );
}
