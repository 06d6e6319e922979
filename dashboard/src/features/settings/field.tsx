/** A labelled field of a form, with its hint and what is wrong with it. */
import { type ReactNode, useId } from "react";
import { Icon } from "../../ui/icon";

interface Props {
  label: string;
  hint: string;
  error?: string | null;
  className?: string;
  children: (given: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ReactNode;
}

export const FIELD =
  "h-9 w-full min-w-0 rounded-lg border border-line bg-surface px-2.5 text-sm read-only:bg-sunken aria-invalid:border-bad";

export function Field({ label, hint, error = null, className = "", children }: Props) {
  const id = useId();
  const noteId = useId();
  return (
    <div className={`min-w-0 ${className}`}>
      <label htmlFor={id} className="text-sm font-semibold">
        {label}
      </label>
      <div className="mt-1">
        {children({ id, "aria-describedby": noteId, "aria-invalid": error !== null })}
      </div>
      <p id={noteId} className={`mt-1 text-xs ${error ? "text-bad" : "text-muted"}`}>
        {error && <Icon name="warning" className="mr-1 size-3.5 align-[-0.15rem]" />}
        {error ?? hint}
      </p>
    </div>
  );
}
