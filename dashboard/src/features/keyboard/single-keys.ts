/** Whether single keys are shortcuts, kept in this browser: who dictates, or presses keys by accident, switches them off. */
import { useSyncExternalStore } from "react";

const KEY = "quarterhour.single-keys";
const OFF = "off";

const listeners = new Set<() => void>();
let areOn = read();

function read(): boolean {
  try {
    return localStorage.getItem(KEY) !== OFF;
  } catch {
    // Storage is forbidden.
    return true;
  }
}

export const areSingleKeysOn = (): boolean => areOn;

export function switchSingleKeys(isOn: boolean): void {
  areOn = isOn;
  for (const each of listeners) each();
  try {
    localStorage.setItem(KEY, isOn ? "on" : OFF);
  } catch {
    // It holds until the page is left.
  }
}

export const useSingleKeys = (): boolean =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, areSingleKeysOn);
