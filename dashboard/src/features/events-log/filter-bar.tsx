/** Which events are shown. */
import type { Filter, Scope } from "./event-view";

const SCOPES: { scope: Scope; label: string; hint: string }[] = [
  { scope: "activity", label: "Activity", hint: "All but progress, heartbeats and state" },
  { scope: "problems", label: "Problems", hint: "Errors and warnings only" },
  { scope: "all", label: "Everything", hint: "Each event" },
];

interface Props {
  filter: Filter;
  stages: string[];
  onChange: (filter: Filter) => void;
}

export const FilterBar = ({ filter, stages, onChange }: Props) => (
  <div className="flex flex-1 flex-wrap items-center justify-end gap-2">
    <fieldset className="flex rounded-lg border border-line p-0.5 text-sm">
      <legend className="sr-only">Show</legend>
      {SCOPES.map(({ scope, label, hint }) => (
        <label
          key={scope}
          title={hint}
          className="cursor-pointer rounded-md px-2.5 py-0.5 text-muted has-checked:bg-ink has-checked:text-paper has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="scope"
            className="sr-only"
            checked={filter.scope === scope}
            onChange={() => onChange({ ...filter, scope })}
          />
          {label}
        </label>
      ))}
    </fieldset>
    <select
      aria-label="Stage"
      value={filter.stage ?? ""}
      onChange={({ target }) => onChange({ ...filter, stage: target.value || null })}
      className="h-8 rounded-lg border border-line bg-surface px-2 text-sm"
    >
      <option value="">All stages</option>
      {stages.map((stage) => (
        <option key={stage}>{stage}</option>
      ))}
    </select>
    <input
      type="search"
      aria-label="Search the events"
      placeholder="Search"
      value={filter.text}
      onChange={({ target }) => onChange({ ...filter, text: target.value })}
      className="h-8 w-36 min-w-0 flex-1 rounded-lg border border-line bg-surface px-2.5 text-sm placeholder:text-muted sm:flex-none"
    />
  </div>
);
