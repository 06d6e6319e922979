/** How the viewer wants the page to look, kept in this browser. public/appearance.js applies theme and density. */
import { useSyncExternalStore } from "react";

export interface Appearance {
  theme: "system" | "light" | "dark";
  /** In which zone times are written. */
  zone: "local" | "utc";
  density: "comfortable" | "compact";
}

const KEY = "quarterhour.appearance";
const DEFAULT: Appearance = { theme: "system", zone: "local", density: "comfortable" };

const listeners = new Set<() => void>();
let chosen = read();

function read(): Appearance {
  try {
    return cleaned(JSON.parse(localStorage.getItem(KEY) ?? "null"));
  } catch {
    // Storage is forbidden, or holds something else.
    return DEFAULT;
  }
}

function cleaned(found: Partial<Appearance> | null): Appearance {
  const { theme, zone, density } = found ?? {};
  return {
    theme: theme === "light" || theme === "dark" ? theme : DEFAULT.theme,
    zone: zone === "utc" ? zone : DEFAULT.zone,
    density: density === "compact" ? density : DEFAULT.density,
  };
}

function take(next: Appearance): void {
  chosen = next;
  for (const each of listeners) each();
}

// Another tab chose.
window.addEventListener("storage", () => take(read()));

export const appearance = (): Appearance => chosen;

/** Returns whether the browser keeps it. */
export function choose(change: Partial<Appearance>): boolean {
  take({ ...chosen, ...change });
  window.dispatchEvent(new CustomEvent(KEY, { detail: chosen }));
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
    return true;
  } catch {
    return false;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whatever writes a time follows it. */
export const useAppearance = (): Appearance => useSyncExternalStore(subscribe, appearance);
