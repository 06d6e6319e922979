/** The span of time to the second, typed: in UTC, or as the table has it where it knows no zone. */
import { type FormEvent, useId, useState } from "react";
import { buttonClass } from "../../ui/button";
import type { Span } from "./plot-span";
import { fieldOf, MOMENT, msOf } from "./plot-times";

interface Props {
  span: Span;
  timeType: string;
  onSpan: (span: Span) => void;
}

export function SpanForm({ span, timeType, onSpan }: Props) {
  const noteId = useId();
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const [fromMs, toMs] = ["from", "to"].map((name) => msOf(String(typed.get(name) ?? "")));
    if (fromMs == null || toMs == null) return setProblem("Give both times");
    if (fromMs >= toMs) return setProblem("The span must end after it starts");
    setProblem(null);
    onSpan({ fromMs, toMs });
  };
  const isDay = timeType === "DATE";
  const field = (name: string, label: string, ms: number) => (
    <label className="flex items-center gap-2 text-muted">
      {label}
      <input
        name={name}
        type={isDay ? "date" : "datetime-local"}
        step={isDay ? undefined : 1}
        defaultValue={fieldOf(ms, timeType)}
        aria-describedby={problem ? noteId : undefined}
        className="h-9 min-w-0 rounded-lg border border-line bg-surface px-2 text-ink"
      />
    </label>
  );
  return (
    <form onSubmit={submit} className="flex flex-wrap items-center gap-x-3 gap-y-2 px-5 py-2 text-sm">
      {field("from", "From", span.fromMs)}
      {field("to", "To", Math.ceil(span.toMs / 1000) * 1000)}
      {timeType === MOMENT && <span className="text-muted">UTC</span>}
      <button type="submit" className={buttonClass("plain")}>
        Show
      </button>
      {problem && (
        <p id={noteId} role="alert" className="text-bad">
          {problem}
        </p>
      )}
    </form>
  );
}
