/** What restoring a version would change, and then the restoring itself. */
import { useEffect } from "react";
import { useNoChange } from "../../session";
import { Button } from "../../ui/button";
import { counted } from "../../ui/format";
import { ProblemNote } from "../../ui/problem-note";
import { useRestore } from "./use-dataset";

interface Props {
  name: string;
  version: number;
  onEnd: () => void;
}

const NAMED = 5;

export function RestoreQuestion({ name, version, onEnd }: Props) {
  const { mutate: look, ...preview } = useRestore(name, version, true);
  const restore = useRestore(name, version, false);
  const noChange = useNoChange();
  useEffect(() => look(), [look]);
  const error = restore.error ?? preview.error;
  return (
    <section
      aria-label={`Restore version ${version}`}
      className="flex flex-col gap-2 rounded-lg bg-sunken p-3 text-sm"
    >
      {error && <ProblemNote error={error} />}
      {preview.isPending && <p role="status">Looking at what would change…</p>}
      {preview.data && (
        <div role="status">
          <p>{preview.data.message}</p>
          {preview.data.inputs.length > 0 && (
            <p className="text-muted">
              {counted(preview.data.inputs.length, "file")}:{" "}
              {preview.data.inputs
                .slice(0, NAMED)
                .map((moved) => `${moved.name} will be ${moved.state}`)
                .join(", ")}
              {preview.data.inputs.length > NAMED && " …"}
            </p>
          )}
        </div>
      )}
      <div className="flex gap-2">
        {preview.data && (
          <Button
            look="primary"
            onPress={() => restore.mutate(undefined, { onSuccess: onEnd })}
            unavailable={restore.isPending ? "It is being restored" : noChange}
          >
            Restore version {version}
          </Button>
        )}
        <Button onPress={onEnd}>Leave it as it is</Button>
      </div>
    </section>
  );
}
