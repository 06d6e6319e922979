/** Which runs the table shows. */
import type { RunState, Trigger } from "../../api/types";
import { titled } from "../../ui/format";
import { TRIGGERS } from "../metrics-panel/wording";
import { type RunsSearch, STATES } from "./runs-search";

interface Props {
  search: RunsSearch;
  onChange: (chosen: { state: RunState | undefined; trigger: Trigger | undefined }) => void;
}

const SELECT = "min-w-0 max-w-full h-8 rounded-lg border border-line bg-surface px-2 text-sm";

export function RunFilters({ search: { state, trigger }, onChange }: Props) {
  const states = state && !(STATES as readonly RunState[]).includes(state) ? [state, ...STATES] : STATES;
  return (
    <div className="flex flex-1 flex-wrap gap-2 sm:justify-end">
      <select
        aria-label="State"
        className={SELECT}
        value={state ?? ""}
        onChange={({ target }) => onChange({ state: (target.value || undefined) as RunState, trigger })}
      >
        <option value="">Any state</option>
        {states.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <select
        aria-label="Started"
        className={SELECT}
        value={trigger ?? ""}
        onChange={({ target }) => onChange({ state, trigger: (target.value || undefined) as Trigger })}
      >
        <option value="">Started anyhow</option>
        {(Object.keys(TRIGGERS) as Trigger[]).map((each) => (
          <option key={each} value={each}>
            {titled(TRIGGERS[each])}
          </option>
        ))}
      </select>
    </div>
  );
}
