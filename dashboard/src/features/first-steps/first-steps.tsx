/** For a newcomer, until the first run: where files are dropped, some to begin with, and what comes next. */
import type { InputSummary } from "../../api/types";
import { useNoChange } from "../../session";
import { Button } from "../../ui/button";
import { counted } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { Panel } from "../../ui/panel";
import { NotAnswered, ProblemNote } from "../../ui/problem-note";
import { useInputs } from "../export-panel/use-lake";
import { useLoadDemo } from "./use-demo";

export function FirstSteps() {
  const { data, error } = useInputs();
  return (
    <Panel title="First steps" testId="first-steps">
      {/* As high from the beginning as it will be: nothing below it moves. */}
      <div className="flex min-h-44 flex-col justify-center gap-3 px-5 py-4 sm:min-h-36">
        {data ? (
          data.total === 0 ? (
            <DropFiles folder={data.summary.folder} />
          ) : (
            <PressStart summary={data.summary} />
          )
        ) : error ? (
          <NotAnswered error={error} />
        ) : (
          <p className="text-sm text-muted">Looking at the folders…</p>
        )}
      </div>
    </Panel>
  );
}

function DropFiles({ folder }: { folder: string }) {
  const noChange = useNoChange();
  const { mutate, isPending, error } = useLoadDemo();
  const unavailable = noChange ?? (isPending ? "The files are being written" : null);
  return (
    <>
      <p className="max-w-prose">
        No file has come yet. Drop CSV files into{" "}
        <code className="font-mono text-sm break-all">{folder}</code> on the server’s machine, or into a
        folder in it to name their table.
      </p>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button
          look="primary"
          unavailable={unavailable}
          explanation="Puts real flights, weather and stocks there, with some broken rows to see what becomes of them."
          onPress={() => mutate()}
        >
          <Icon name="play" /> {isPending ? "Loading…" : "Load the demo data"}
        </Button>
        <span className="text-sm text-muted">Flights, weather and stocks, with some broken rows.</span>
      </div>
      {error && <ProblemNote error={error} />}
    </>
  );
}

function PressStart({ summary }: { summary: InputSummary }) {
  const { waiting, settling } = summary;
  return (
    <p role="status" className="max-w-prose">
      {waiting > 0 ? (
        <>
          <strong className="font-semibold">{counted(waiting, "file")} waiting.</strong> Press Start to take{" "}
          {waiting === 1 ? "it" : "them"} in now; the next run by the schedule does so too.
        </>
      ) : settling > 0 ? (
        `${counted(settling, "file")} being written. Once whole, the next run takes in what is there.`
      ) : (
        "The files that came were taken in. Press Start for a run of all stages."
      )}
    </p>
  );
}
