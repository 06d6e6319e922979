/** Which theme is shown, for what is drawn on a canvas and must be drawn anew. */
import { useSyncExternalStore } from "react";

const root = (): HTMLElement => document.documentElement;

function onChange(tell: () => void): () => void {
  const observer = new MutationObserver(tell);
  observer.observe(root(), { attributes: true, attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
}

export const useTheme = (): string => useSyncExternalStore(onChange, () => root().dataset.theme ?? "light");
