/** Makes a token, and shows its text this once. */
import { useState } from "react";
import type { MadeToken, Role } from "../../api/types";
import { useNotLive } from "../../backend";
import { Button } from "../../ui/button";
import { ProblemNote } from "../../ui/problem-note";
import { Segments } from "../../ui/segments";
import { FIELD, Field } from "./field";
import { useMakeToken } from "./use-tokens";

const ROLES = [
  { value: "viewer", label: "Viewer", hint: "Reads, and changes nothing" },
  { value: "operator", label: "Operator", hint: "Also starts, stops and changes" },
] as const;

export function TokenForm() {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const make = useMakeToken();
  const notLive = useNotLive();
  const unavailable = name.trim() === "" ? "Give a name" : make.isPending ? "It is being made" : notLive;
  return (
    <div className="border-t border-line px-5 py-4">
      <form
        aria-label="New token"
        className="flex flex-wrap items-start gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (unavailable) return;
          make.mutate({ name: name.trim(), role }, { onSuccess: () => setName("") });
        }}
      >
        <Field label="New token for" hint="Events tell this name" className="grow basis-52 sm:max-w-72">
          {(given) => (
            <input
              {...given}
              className={FIELD}
              value={name}
              maxLength={64}
              autoComplete="off"
              spellCheck={false}
              onChange={({ target }) => setName(target.value)}
            />
          )}
        </Field>
        <div className="flex flex-wrap items-center gap-3 sm:mt-6">
          <Segments legend="Role" options={ROLES} value={role} onChange={setRole} />
          <Button look="primary" unavailable={unavailable}>
            Make token
          </Button>
        </div>
      </form>
      {make.error && (
        <div className="mt-3">
          <ProblemNote error={make.error} />
        </div>
      )}
      {make.data && <Secret made={make.data} onEnd={make.reset} />}
    </div>
  );
}

function Secret({ made, onEnd }: { made: MadeToken; onEnd: () => void }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(made.token);
      setSaid("Copied.");
    } catch {
      // Browsers let pages copy on https and this machine alone.
      setSaid("This browser does not let the page copy: select the text and copy it.");
    }
  };
  return (
    <section aria-label={`Token of ${made.name}`} className="mt-4 rounded-lg bg-sunken p-3 text-sm">
      <p role="status">
        The token of <strong>{made.name}</strong>. Keep it now: it is not shown again.
      </p>
      <div className="mt-2 flex flex-wrap items-center gap-2">
        <input
          aria-label="Token"
          readOnly
          className={`${FIELD} grow basis-64 bg-surface font-mono sm:max-w-lg`}
          value={made.token}
          onFocus={({ target }) => target.select()}
        />
        <Button onPress={() => void copy()}>Copy</Button>
        <Button onPress={onEnd}>I have kept it</Button>
      </div>
      <p role="status" className="mt-1 min-h-5 text-muted">
        {said}
      </p>
    </section>
  );
}
