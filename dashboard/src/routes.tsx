/** Which page stands at which address. The first page comes with the script; each other one is fetched when it is asked for. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { rootPath } from "./api/root-path";
import { readDataSearch } from "./features/data-tables/data-search";
import { readDatasetSearch } from "./features/dataset/dataset-search";
import { readEventsSearch } from "./features/event-history/events-search";
import { readNowSearch } from "./features/kiosk/now-search";
import { readQuarantineSearch } from "./features/quarantine/quarantine-search";
import { readRunsSearch } from "./features/run-history/runs-search";
import { NowPage } from "./pages/now";
import { NotFound, PageFailed } from "./shell/astray";
import { Shell } from "./shell/shell";
import { readStatesSearch } from "./states/states-search";

const root = createRootRoute({ component: Shell });

const now = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: readNowSearch,
  component: NowPage,
});

const data = createRoute({
  getParentRoute: () => root,
  path: "/data",
  validateSearch: readDataSearch,
  component: lazyRouteComponent(() => import("./pages/data"), "DataPage"),
});

const dataset = createRoute({
  getParentRoute: () => root,
  path: "/data/$name",
  validateSearch: readDatasetSearch,
  component: lazyRouteComponent(() => import("./pages/dataset"), "DatasetPage"),
});

const input = createRoute({
  getParentRoute: () => root,
  path: "/data/inputs/$id",
  component: lazyRouteComponent(() => import("./pages/input"), "InputPage"),
});

const analyses = createRoute({
  getParentRoute: () => root,
  path: "/analyses",
  component: lazyRouteComponent(() => import("./pages/analyses"), "AnalysesPage"),
});

const analysis = createRoute({
  getParentRoute: () => root,
  path: "/analyses/$name",
  validateSearch: readDatasetSearch,
  component: lazyRouteComponent(() => import("./pages/analysis"), "AnalysisPage"),
});

const quarantine = createRoute({
  getParentRoute: () => root,
  path: "/quarantine",
  validateSearch: readQuarantineSearch,
  component: lazyRouteComponent(() => import("./pages/quarantine"), "QuarantinePage"),
});

const events = createRoute({
  getParentRoute: () => root,
  path: "/events",
  validateSearch: readEventsSearch,
  component: lazyRouteComponent(() => import("./pages/events"), "EventsPage"),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: readRunsSearch,
  component: lazyRouteComponent(() => import("./pages/runs"), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  component: lazyRouteComponent(() => import("./pages/run"), "RunPage"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/settings"), "SettingsPage"),
});

/** In no navigation: for who reviews the panels. */
const states = createRoute({
  getParentRoute: () => root,
  path: "/states",
  validateSearch: readStatesSearch,
  component: lazyRouteComponent(() => import("./pages/states"), "StatesPage"),
});

export const routeTree = root.addChildren([
  now,
  runs,
  run,
  data,
  dataset,
  quarantine,
  events,
  settings,
  input,
  analyses,
  analysis,
  states,
]);

export const router = createRouter({
  routeTree,
  basepath: rootPath() || "/",
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
