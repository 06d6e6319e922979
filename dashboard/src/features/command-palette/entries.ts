/** What the palette offers, and what fits the words that were typed. Pure. */

export interface Entry {
  id: string;
  label: string;
  /** What kind of thing it is, or what it will do. */
  hint: string;
  pick: () => void;
}

const MOST = 50;

/** Those that hold every word, in any order; where a word begins the label, first. */
export function fitting(entries: readonly Entry[], typed: string): Entry[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const [first = ""] = words;
  const found = entries.filter(({ label, hint }) => {
    const text = `${label} ${hint}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const rank = ({ label }: Entry): number => (label.toLowerCase().startsWith(first) ? 0 : 1);
  return found.sort((one, other) => rank(one) - rank(other)).slice(0, MOST);
}

/** "1042", "#1,042" → 1042 */
export function seqIn(typed: string): number | null {
  const digits = /^#?\s*(\d[\d.,\s]*)$/.exec(typed.trim())?.[1]?.replace(/\D/g, "");
  const seq = Number(digits ?? Number.NaN);
  return Number.isSafeInteger(seq) && seq > 0 ? seq : null;
}

/** Whether something may be a run's id, also one that is not among the last. */
export const isRunId = (typed: string): boolean => /^\d{8}T\d{6}Z-[0-9a-f]+$/.test(typed.trim());
