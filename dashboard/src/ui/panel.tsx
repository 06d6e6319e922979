/** A titled part of the page. */
import { type ReactNode, useId } from "react";

interface Props {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  testId?: string;
  className?: string;
}

export function Panel({ title, aside, children, testId, className = "" }: Props) {
  const titleId = useId();
  return (
    <section
      aria-labelledby={titleId}
      data-testid={testId}
      className={`min-w-0 rounded-xl border border-line bg-surface ${className}`}
    >
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-5 py-3">
        <h2 id={titleId} className="text-base font-semibold">
          {title}
        </h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
