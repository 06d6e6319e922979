/** How each series' line looks: a colour and a pattern. */

const PATTERNS = [[], [8, 3], [2, 2], [10, 3, 2, 3], [5, 5], [12, 2], [1, 3], [6, 2, 1, 2, 1, 2]];

export const colourOf = (series: number): string => `var(--plot-${(series % PATTERNS.length) + 1})`;

export const patternOf = (series: number): number[] => PATTERNS[series % PATTERNS.length] ?? [];

/** A canvas knows no variables of the style sheet. */
export function resolved(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
