/** What stands around every page: the name, the ways to the pages, the connection. */
import { Outlet } from "@tanstack/react-router";
import { ConnectionLine } from "./connection-line";
import { PageState } from "./page-state";
import { SiteNav } from "./site-nav";

const MAIN_ID = "main";

export const Shell = () => (
  <div className="mx-auto max-w-[88rem] px-4 pb-12 sm:px-8">
    <a
      href={`#${MAIN_ID}`}
      className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-ink focus:px-4 focus:py-2 focus:text-paper"
    >
      Skip to the page
    </a>
    <PageState />
    <header className="flex flex-wrap items-center justify-between gap-x-8 gap-y-2 py-5">
      <p className="flex items-center gap-2.5 text-lg font-semibold tracking-tight">
        <Mark /> quarterhour
      </p>
      <SiteNav />
      <ConnectionLine />
    </header>
    <main id={MAIN_ID} tabIndex={-1} className="outline-none">
      <Outlet />
    </main>
  </div>
);

/** A quarter of an hour. */
const Mark = () => (
  <svg viewBox="0 0 24 24" className="size-6 text-accent" aria-hidden="true">
    <circle cx="12" cy="12" r="10" fill="none" stroke="currentColor" strokeWidth="2.4" />
    <path d="M12 12V2a10 10 0 0 1 10 10z" fill="currentColor" />
  </svg>
);
