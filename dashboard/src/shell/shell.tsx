/** The frame with its parts, around the page of the address. */
import { Outlet } from "@tanstack/react-router";
import { Keyboard } from "../features/keyboard/keyboard";
import { ConnectionLine } from "./connection-line";
import { Frame } from "./frame";
import { PageState } from "./page-state";
import { SiteNav } from "./site-nav";

const MAIN_ID = "main";

export const Shell = () => (
  <>
    <a
      href={`#${MAIN_ID}`}
      className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-ink focus:px-4 focus:py-2 focus:text-paper"
    >
      Skip to the page
    </a>
    <PageState />
    <Frame
      nav={<SiteNav />}
      connection={
        <div className="flex items-center gap-3">
          <Keyboard />
          <ConnectionLine />
        </div>
      }
    >
      <main id={MAIN_ID} tabIndex={-1} className="outline-none">
        <Outlet />
      </main>
    </Frame>
  </>
);
