/** A record's whole text to be mended and sent again, or a whole file as it stands. */
import { useId, useState } from "react";
import { useNoChange } from "../../session";
import { Button } from "../../ui/button";
import { ProblemNote } from "../../ui/problem-note";
import { useOnePutAside, useRetry } from "./use-quarantine";

export function MendForm({ id, onEnd }: { id: string; onEnd: () => void }) {
  const areaId = useId();
  const { data, error } = useOnePutAside(id);
  const retry = useRetry(id);
  const noChange = useNoChange();
  const [typed, setTyped] = useState<string | null>(null);
  const item = data?.item;
  const isRecord = item?.record != null;
  const isChanged = isRecord && typed !== null && typed !== item.raw;
  return (
    <form
      aria-label={`Mend ${id}`}
      className="mt-2 flex flex-col gap-2 rounded-lg bg-sunken p-3"
      onSubmit={(event) => event.preventDefault()}
    >
      {error && <ProblemNote error={error} />}
      {retry.error && <ProblemNote error={retry.error} />}
      {isRecord && (
        <>
          <label htmlFor={areaId} className="text-xs text-muted">
            The record, as it is to be read
          </label>
          <textarea
            id={areaId}
            rows={3}
            spellCheck={false}
            className="w-full resize-y rounded-lg border border-line bg-surface px-2 py-1.5 font-mono text-sm"
            value={typed ?? item.raw}
            onChange={({ target }) => setTyped(target.value)}
          />
        </>
      )}
      {item && !isRecord && <p>The file is read again as it stands, with all its records.</p>}
      <div className="flex flex-wrap gap-2">
        <Button
          look="primary"
          onPress={() => retry.mutate(isChanged ? typed : null, { onSuccess: onEnd })}
          unavailable={!item ? "Its text is not there yet" : retry.isPending ? "It is being sent" : noChange}
          explanation="The next run takes it in"
        >
          {isChanged ? "Send mended" : "Send as it stands"}
        </Button>
        <Button onPress={onEnd}>Leave it</Button>
      </div>
    </form>
  );
}
