/** What the address of the page of all states keeps: the panel that is shown. */

export interface StatesSearch {
  /** The first without it. */
  panel?: string;
}

export const readStatesSearch = ({ panel }: Record<string, unknown>): StatesSearch =>
  typeof panel === "string" && panel !== "" ? { panel } : {};
