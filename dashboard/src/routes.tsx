/** Which page stands at which address. The first page comes with the script; each other one is fetched when it is asked for. */
import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { NowPage } from "./pages/now";
import { NotFound, PageFailed } from "./shell/astray";
import { Shell } from "./shell/shell";

const root = createRootRoute({ component: Shell });

const now = createRoute({ getParentRoute: () => root, path: "/", component: NowPage });

export const router = createRouter({
  routeTree: root.addChildren([now]),
  defaultPreload: "intent",
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: PageFailed,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
