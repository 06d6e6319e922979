/** How each verdict on a mark is shown: a sign, a colour and a word. */
import type { Verdict } from "../../api/types";
import type { Tone } from "../../ui/tone";

export const VERDICTS: Record<Verdict, { sign: string; tone: Tone; word: string }> = {
  ran: { sign: "✓", tone: "ok", word: "ran" },
  late: { sign: "!", tone: "warn", word: "late" },
  skipped: { sign: "–", tone: "idle", word: "skipped" },
  missed: { sign: "×", tone: "bad", word: "missed" },
  caught_up: { sign: "+", tone: "run", word: "caught up" },
};

/** The gravest first. */
export const BY_GRAVITY: readonly Verdict[] = ["missed", "late", "skipped", "caught_up", "ran"];
