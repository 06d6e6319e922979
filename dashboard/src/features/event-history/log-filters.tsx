/** Which events are shown. What is typed is asked for after a pause. */
import { useEffect, useRef, useState } from "react";
import { fromField, toField } from "../../ui/calendar";
import { useSettled } from "../../ui/use-settled";
import { type EventsFilter, LEVELS, readEventsSearch } from "./events-search";

const KINDS = "start progress log success failed error retry skipped stop state heartbeat".split(" ");
const FIELD = "h-8 min-w-0 rounded-lg border border-line bg-surface px-2 text-sm";
const TYPING_PAUSE_MS = 250;

interface Props {
  filter: EventsFilter;
  stages: readonly string[];
  onChange: (filter: EventsFilter) => void;
}

export function LogFilters({ filter, stages, onChange }: Props) {
  const change = (changed: Record<string, string>) => onChange(readEventsSearch({ ...filter, ...changed }));
  return (
    <search className="flex flex-1 basis-full flex-wrap items-center gap-2 sm:basis-0">
      <Typed label="Search the messages" value={filter.q} name="q" onChange={change} />
      <Choice
        label="Stage"
        every="All stages"
        value={filter.stage}
        options={stages}
        name="stage"
        onChange={change}
      />
      <Choice
        label="Kind"
        every="All kinds"
        value={filter.event}
        options={KINDS}
        name="event"
        onChange={change}
      />
      <Choice
        label="Level"
        every="All levels"
        value={filter.level}
        options={LEVELS}
        name="level"
        onChange={change}
      />
      <Typed label="Run" value={filter.run_id} name="run_id" onChange={change} />
      <Time label="From" value={filter.from} name="from" onChange={change} />
      <Time label="To" value={filter.to} name="to" onChange={change} />
    </search>
  );
}

interface FieldProps {
  label: string;
  name: keyof EventsFilter;
  value: string | undefined;
  onChange: (changed: Record<string, string>) => void;
}

function Choice({
  label,
  name,
  value,
  onChange,
  every,
  options,
}: FieldProps & { every: string; options: readonly string[] }) {
  const known = value === undefined || options.includes(value) ? options : [value, ...options];
  return (
    <select
      aria-label={label}
      className={FIELD}
      value={value ?? ""}
      onChange={({ target }) => onChange({ [name]: target.value })}
    >
      <option value="">{every}</option>
      {known.map((each) => (
        <option key={each}>{each}</option>
      ))}
    </select>
  );
}

const Time = ({ label, name, value, onChange }: FieldProps) => (
  <label className="flex w-full min-w-0 items-center gap-1.5 text-sm text-muted sm:w-auto">
    {label}
    <input
      type="datetime-local"
      className={`${FIELD} flex-1 text-ink`}
      value={toField(value)}
      onChange={({ target }) => onChange({ [name]: fromField(target.value) })}
    />
  </label>
);

function Typed({ label, name, value = "", onChange }: FieldProps) {
  const [text, setText] = useState(value);
  const settled = useSettled(text, TYPING_PAUSE_MS);
  const said = useRef(value);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each pause in typing
  useEffect(() => {
    if (settled.trim() === said.current) return;
    said.current = settled.trim();
    onChange({ [name]: settled });
  }, [settled]);
  // The address was changed by another way: the field follows it.
  useEffect(() => {
    if (value === said.current) return;
    said.current = value;
    setText(value);
  }, [value]);
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={({ target }) => setText(target.value)}
      className={`${FIELD} grow basis-40 placeholder:text-muted`}
    />
  );
}
