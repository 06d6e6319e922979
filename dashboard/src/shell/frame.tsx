/** What stands around every page, also before there is one: the name, the ways to the pages, the connection. */
import type { ReactNode } from "react";

interface Props {
  nav?: ReactNode;
  connection?: ReactNode;
  children: ReactNode;
}

export const Frame = ({ nav, connection, children }: Props) => (
  <div className="mx-auto max-w-[88rem] px-4 pb-12 sm:px-8">
    <header className="flex min-h-16 flex-wrap items-center justify-between gap-x-8 gap-y-2 py-5">
      <p className="flex items-center gap-2.5 text-lg font-semibold tracking-tight">
        <Mark /> quarterhour
      </p>
      {nav}
      {connection}
    </header>
    {children}
  </div>
);

/** A quarter of an hour. */
const Mark = () => (
  <svg viewBox="0 0 24 24" className="size-6 text-accent" aria-hidden="true">
    <circle cx="12" cy="12" r="10" fill="none" stroke="currentColor" strokeWidth="2.4" />
    <path d="M12 12V2a10 10 0 0 1 10 10z" fill="currentColor" />
  </svg>
);
