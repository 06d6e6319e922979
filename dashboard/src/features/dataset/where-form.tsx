/** Which rows are taken: SQL that the server checks and answers for. */
import { type FormEvent, useId } from "react";
import { buttonClass } from "../../ui/button";

export function WhereForm({ where, onFilter }: { where: string; onFilter: (where: string) => void }) {
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onFilter(String(new FormData(event.currentTarget).get("where") ?? ""));
  };
  return (
    <form onSubmit={submit} className="flex min-w-0 flex-1 basis-72 items-center gap-2">
      <label htmlFor={id} className="text-sm whitespace-nowrap text-muted">
        where
      </label>
      <input
        id={id}
        name="where"
        defaultValue={where}
        spellCheck={false}
        placeholder="dep_delay > 60 AND origin = 'JFK'"
        className="h-9 w-full min-w-0 rounded-lg border border-line bg-surface px-2 font-mono text-sm placeholder:text-muted"
      />
      <button type="submit" className={buttonClass("plain")}>
        Filter
      </button>
    </form>
  );
}
