/** The frame with its parts, around the page of the address. */
import { Outlet, useSearch } from "@tanstack/react-router";
import { Keyboard } from "../features/keyboard/keyboard";
import { FailureWatch } from "../features/notification/failure-watch";
import { ConnectionLine } from "./connection-line";
import { Frame } from "./frame";
import { Notices } from "./notices";
import { PageState } from "./page-state";
import { SiteNav } from "./site-nav";

const MAIN_ID = "main";

export function Shell() {
  const { kiosk } = useSearch({ strict: false });
  return (
    <>
      <PageState />
      <FailureWatch />
      {kiosk ? <Outlet /> : <Framed />}
    </>
  );
}

const Framed = () => (
  <>
    <a
      href={`#${MAIN_ID}`}
      className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-ink focus:px-4 focus:py-2 focus:text-paper"
    >
      Skip to the page
    </a>
    <Frame
      nav={<SiteNav />}
      connection={
        <div className="flex items-center gap-3">
          <Keyboard />
          <ConnectionLine />
        </div>
      }
    >
      <Notices />
      <main id={MAIN_ID} tabIndex={-1} className="outline-none">
        <Outlet />
      </main>
    </Frame>
  </>
);
