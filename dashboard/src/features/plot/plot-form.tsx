/** What is plotted: the columns, and the rows that the filter takes. */
import { useId } from "react";
import type { Dataset } from "../../api/types";
import type { DatasetSearch } from "../dataset/dataset-search";
import { WhereForm } from "../dataset/where-form";
import { type Choice, offered } from "./plot-choice";

interface Props {
  dataset: Dataset;
  choice: Choice;
  search: DatasetSearch;
  onChange: (search: DatasetSearch) => void;
}

export function PlotForm({ dataset, choice, search, onChange }: Props) {
  const { numbers, times, kinds } = offered(dataset);
  const { by: _, where: __, ...rest } = search;
  const { from: ___, to: ____, ...anyTime } = search;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-5 py-3">
      <Pick
        label="Column"
        names={numbers}
        value={choice.column}
        onPick={(column) => onChange({ ...search, column })}
      />
      <Pick
        label="Time"
        names={times}
        value={choice.time}
        onPick={(time) => onChange({ ...anyTime, time })}
      />
      <Pick
        label="A line for each"
        names={kinds}
        none="all in one"
        value={choice.by ?? ""}
        onPick={(by) =>
          onChange({ ...rest, ...(search.where && { where: search.where }), ...(by && { by }) })
        }
      />
      <WhereForm
        key={search.where}
        where={search.where ?? ""}
        onFilter={(where) =>
          onChange({ ...rest, ...(choice.by && { by: choice.by }), ...(where.trim() && { where }) })
        }
      />
    </div>
  );
}

interface PickProps {
  label: string;
  names: string[];
  value: string;
  /** The word for no column, where one need not be chosen. */
  none?: string;
  onPick: (name: string) => void;
}

function Pick({ label, names, value, none, onPick }: PickProps) {
  const id = useId();
  // What the address names stands there, also where there is no such column.
  const shown = value === "" || names.includes(value) ? names : [value, ...names];
  return (
    <span className="flex min-w-0 items-center gap-2 text-sm">
      <label htmlFor={id} className="whitespace-nowrap text-muted">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={({ target }) => onPick(target.value)}
        className="h-9 max-w-48 min-w-0 rounded-lg border border-line bg-surface px-2"
      >
        {none && <option value="">{none}</option>}
        {shown.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </span>
  );
}
