/** Which events are shown. */
import { Segments } from "../../ui/segments";
import type { Filter, Scope } from "./event-view";

const SCOPES: { value: Scope; label: string; hint: string }[] = [
  { value: "activity", label: "Activity", hint: "All but progress, heartbeats and state" },
  { value: "problems", label: "Problems", hint: "Errors and warnings only" },
  { value: "all", label: "Everything", hint: "Each event" },
];

interface Props {
  filter: Filter;
  stages: string[];
  onChange: (filter: Filter) => void;
}

export const FilterBar = ({ filter, stages, onChange }: Props) => (
  <div className="flex flex-1 flex-wrap items-center justify-end gap-2">
    <Segments
      legend="Show"
      options={SCOPES}
      value={filter.scope}
      onChange={(scope) => onChange({ ...filter, scope })}
    />
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
