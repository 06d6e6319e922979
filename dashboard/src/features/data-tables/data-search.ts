/** What the address of the page of tables keeps. */
import type { InputItem } from "../../api/types";
import { INPUT_STATES } from "../export-panel/inputs";

export type InputState = InputItem["state"];

export interface DataSearch {
  /** Only files in this state. */
  state?: InputState;
}

const isState = (value: unknown): value is InputState => typeof value === "string" && value in INPUT_STATES;

export const readDataSearch = ({ state }: Record<string, unknown>): DataSearch =>
  isState(state) ? { state } : {};
