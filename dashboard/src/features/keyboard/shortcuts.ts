/** Every shortcut of the page: what its keys are, what it says it does. The help is made from it. Pure. */
import { PAGES } from "../../shell/site-nav";

export type Action =
  | { name: "palette" }
  | { name: "help" }
  | { name: "search" }
  | { name: "step"; by: 1 | -1 }
  | { name: "go"; to: (typeof PAGES)[number]["to"] };

export interface Shortcut {
  /** One after the other; `Mod` is Ctrl, on a Mac ⌘ too. */
  keys: readonly string[];
  does: string;
  action: Action;
}

export const SHORTCUTS: readonly Shortcut[] = [
  {
    keys: ["Mod+k"],
    does: "Find a page, a command, a dataset, a run or an event",
    action: { name: "palette" },
  },
  { keys: ["?"], does: "Show this help", action: { name: "help" } },
  { keys: ["/"], does: "Go to the page’s search", action: { name: "search" } },
  { keys: ["j"], does: "Next line of a list", action: { name: "step", by: 1 } },
  { keys: ["k"], does: "Line before it", action: { name: "step", by: -1 } },
  ...PAGES.map(({ to, label }) => ({
    keys: ["g", label.charAt(0).toLowerCase()],
    does: `Go to ${label}`,
    action: { name: "go", to } as const,
  })),
];

/** Said by a person that does not press keys by accident: they hold while single keys are switched off. */
export const isSingle = ({ keys }: Shortcut): boolean => keys.every((key) => !key.includes("+"));

export type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">;

export function keyOf({ key, ctrlKey, metaKey, altKey }: Pressed): string {
  const name = key.length === 1 ? key.toLowerCase() : key;
  return `${ctrlKey || metaKey ? "Mod+" : ""}${altKey ? "Alt+" : ""}${name}`;
}

/** What the keys pressed so far mean: a shortcut, or that one of them has begun. */
export function meaningOf(
  pressed: readonly string[],
  areSingleOn: boolean,
): { shortcut: Shortcut | undefined; hasBegun: boolean } {
  const possible = SHORTCUTS.filter(
    (shortcut) =>
      (areSingleOn || !isSingle(shortcut)) && pressed.every((key, place) => shortcut.keys[place] === key),
  );
  return {
    shortcut: possible.find(({ keys }) => keys.length === pressed.length),
    hasBegun: possible.some(({ keys }) => keys.length > pressed.length),
  };
}
