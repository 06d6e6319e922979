/** A small chart with its name, its newest and its greatest value. */
import type { ReactNode } from "react";
import { HEIGHT, SLOTS } from "./value-bars";

interface Props {
  title: string;
  last: string;
  most: string | null;
  note: ReactNode;
  /** What the chart shows, for those who do not see it. */
  words: string;
  children: ReactNode;
}

export const ChartFrame = ({ title, last, most, note, words, children }: Props) => (
  <figure className="min-w-0">
    <figcaption className="flex items-baseline justify-between gap-2 text-sm">
      <span className="text-muted">{title}</span>
      <span className="font-semibold">{last}</span>
    </figcaption>
    <svg
      viewBox={`0 0 ${SLOTS} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
      className="mt-1.5 h-12 w-full border-b border-line"
    >
      <title>{words}</title>
      {children}
    </svg>
    <div className="mt-1 text-xs text-muted">
      {most && <p>most {most}</p>}
      {note}
    </div>
  </figure>
);
