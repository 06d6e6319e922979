/** What a person can do with a file: take its rows out, put them back, or let it in. What that changes is said before. */
import { useEffect, useState } from "react";
import type { InputItem } from "../../api/types";
import { useNoChange } from "../../session";
import { Button } from "../../ui/button";
import { counted } from "../../ui/format";
import { ProblemNote } from "../../ui/problem-note";
import { useRelease, useRetract } from "./use-inputs";

const WORDS = { retracted: "Retract", merged: "Put back" } as const;

export function InputAction({ item }: { item: InputItem }) {
  const [isAsking, setIsAsking] = useState(false);
  const noChange = useNoChange();
  if (item.id === null) return null;
  if (item.state === "held_back") return <Release id={item.id} name={item.name} />;
  if (item.state !== "merged" && item.state !== "retracted") return null;
  const to = item.state === "merged" ? "retracted" : "merged";
  if (isAsking)
    return <RetractQuestion id={item.id} name={item.name} to={to} onEnd={() => setIsAsking(false)} />;
  return (
    <Button onPress={() => setIsAsking(true)} unavailable={noChange}>
      {`${WORDS[to]}…`}
      <span className="sr-only"> {item.name}</span>
    </Button>
  );
}

interface QuestionProps {
  id: string;
  name: string;
  to: keyof typeof WORDS;
  onEnd: () => void;
}

function RetractQuestion({ id, name, to, onEnd }: QuestionProps) {
  const { mutate: look, ...preview } = useRetract(id, to, true);
  const retract = useRetract(id, to, false);
  const noChange = useNoChange();
  useEffect(() => look(), [look]);
  const error = retract.error ?? preview.error;
  const changes = preview.data?.changes;
  return (
    <section
      aria-label={`${WORDS[to]} ${name}`}
      className="flex min-w-64 flex-col gap-2 rounded-lg bg-sunken p-3 text-left whitespace-normal"
    >
      {error && <ProblemNote error={error} />}
      {preview.isPending && <p role="status">Looking at what would change…</p>}
      {preview.data && changes && (
        <div role="status">
          <p>{preview.data.message}</p>
          <p className="text-xs text-muted">
            {counted(changes.removed, "row")} taken out, {counted(changes.restored, "row")} with other values,{" "}
            {counted(changes.added, "row")} added, {counted(changes.reassigned, "row")} kept since another
            file has them too
          </p>
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        {preview.data && (
          <Button
            look="primary"
            onPress={() => retract.mutate(undefined, { onSuccess: onEnd })}
            unavailable={retract.isPending ? "It is under way" : noChange}
          >
            {WORDS[to]}
          </Button>
        )}
        <Button onPress={onEnd}>Leave it</Button>
      </div>
    </section>
  );
}

function Release({ id, name }: { id: string; name: string }) {
  const release = useRelease(id);
  const noChange = useNoChange();
  return (
    <>
      {release.error && <ProblemNote error={release.error} />}
      <Button
        onPress={() => release.mutate()}
        unavailable={release.isPending ? "It is being released" : noChange}
        explanation="The next run merges it, whatever checks say of it"
      >
        Release <span className="sr-only">{name}</span>
      </Button>
    </>
  );
}
