/** What the last run made of an analysis: a word, a shape and why. */
import type { Analysis } from "../../api/types";
import { Icon, type IconName } from "../../ui/icon";
import { TEXT_TONE, type Tone } from "../../ui/tone";

const LOOKS: Record<string, { tone: Tone; icon: IconName }> = {
  computed: { tone: "ok", icon: "check" },
  unchanged: { tone: "idle", icon: "dash" },
  waiting: { tone: "run", icon: "clock" },
  failed: { tone: "bad", icon: "cross" },
};
const OTHER = { tone: "idle", icon: "idle" } as const;

export function Outcome({ analysis: { last, error } }: { analysis: Analysis }) {
  const word = error ? "cannot be read" : (last?.outcome ?? "not run yet");
  const { tone, icon } = error ? { tone: "bad" as const, icon: "warning" as const } : (LOOKS[word] ?? OTHER);
  return (
    <span className={TEXT_TONE[tone]}>
      <Icon name={icon} className="-translate-y-px" /> {word}
    </span>
  );
}
