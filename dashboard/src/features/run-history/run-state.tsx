/** A run's state: its sign, its colour and its word. */
import type { RunState } from "../../api/types";
import { Icon } from "../../ui/icon";
import { RUN_ICON, RUN_TONE, TEXT_TONE } from "../../ui/tone";

export const RunStateWord = ({ state }: { state: RunState }) => (
  <span className={`inline-flex items-center gap-1.5 font-medium ${TEXT_TONE[RUN_TONE[state]]}`}>
    <Icon name={RUN_ICON[state]} />
    {state}
  </span>
);
