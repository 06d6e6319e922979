/** A button that can say why it cannot be pressed: it stays reachable by keyboard, and names its reason. */
import { type ReactNode, useId } from "react";

const LOOKS = {
  primary: "bg-accent text-paper border-accent hover:brightness-110 aria-disabled:hover:brightness-100",
  plain: "bg-surface border-line hover:border-muted aria-disabled:hover:border-line",
} as const;

interface Props {
  /** Without it, it sends the form that it stands in. */
  onPress?: () => void;
  children: ReactNode;
  look?: keyof typeof LOOKS;
  /** Why it cannot be pressed now; without it, it can. */
  unavailable?: string | null | undefined;
  /** What pressing it does. */
  explanation?: string | undefined;
}

export const buttonClass = (look: keyof typeof LOOKS): string =>
  `inline-flex h-9 items-center gap-2 rounded-lg border px-3.5 text-sm font-semibold whitespace-nowrap transition-colors aria-disabled:opacity-45 ${LOOKS[look]}`;

export function Button({ onPress, children, look = "plain", unavailable, explanation }: Props) {
  const noteId = useId();
  const note = unavailable ?? explanation;
  return (
    <>
      <button
        type={onPress ? "button" : "submit"}
        className={buttonClass(look)}
        aria-disabled={unavailable ? true : undefined}
        aria-describedby={note ? noteId : undefined}
        title={note}
        onClick={unavailable ? undefined : onPress}
      >
        {children}
      </button>
      {note && (
        <span id={noteId} hidden>
          {note}
        </span>
      )}
    </>
  );
}
