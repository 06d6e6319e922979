/** For review: each panel in each of its states, drawn by its own component over a stand-in for the server. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { BackendProvider } from "../backend";
import { PageTitle } from "../shell/page-title";
import type { PanelState, PanelStates } from "../states/panel-states";
import { PANELS } from "../states/panels";
import { pressWhenReady } from "../states/press";

const route = getRouteApi("/states");

export function StatesPage() {
  const chosen = route.useSearch().panel ?? PANELS[0]?.title;
  const shown = PANELS.find(({ title }) => title === chosen);
  return (
    <>
      <PageTitle title="All states" />
      <p className="mb-4 max-w-prose text-sm text-muted">
        Each panel in each of its states, for whoever changes how one looks. Nothing here is this server’s:
        what is shown is made up, and what is pressed changes nothing.
      </p>
      <nav aria-label="Panels" className="mb-10 flex flex-wrap gap-x-1 gap-y-0.5 text-sm">
        {PANELS.map(({ title }) => (
          <Link
            key={title}
            to="/states"
            search={{ panel: title }}
            aria-current={title === chosen ? "page" : undefined}
            className="rounded-lg px-2.5 py-1 text-muted hover:bg-sunken hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:text-ink"
          >
            {title}
          </Link>
        ))}
      </nav>
      {shown ? <States key={shown.title} of={shown} /> : <p>No panel is called {chosen}.</p>}
    </>
  );
}

const States = ({ of: { title, panel, states } }: { of: PanelStates }) => (
  <>
    <h2 className="mb-6 border-b border-line pb-2 text-xl font-semibold">{title}</h2>
    {Object.entries(states).map(([name, state]) => (
      <div key={name} className="mb-10">
        <h3 className="mb-3 font-mono text-xs text-muted">{name}</h3>
        <Drawn name={name} state={state}>
          {panel}
        </Drawn>
      </div>
    ))}
  </>
);

interface DrawnProps {
  name: string;
  state: PanelState;
  children: ReactNode;
}

/** Each over a server of its own. */
function Drawn({ name, state, children }: DrawnProps) {
  const [backend] = useState(typeof state === "function" ? state : state.over);
  const [queries] = useState(() => new QueryClient({ defaultOptions: { queries: { retry: false } } }));
  useEffect(() => () => queries.clear(), [queries]);
  const host = useRef<HTMLDivElement>(null);
  const press = typeof state === "function" ? null : state.press;
  useEffect(() => (press && host.current ? pressWhenReady(host.current, press) : undefined), [press]);
  return (
    // A form that the browser itself would send, such as the one that logs out, is not sent from here.
    <div ref={host} data-testid={`state ${name}`} onSubmitCapture={(event) => event.preventDefault()}>
      <QueryClientProvider client={queries}>
        <BackendProvider backend={backend}>{children}</BackendProvider>
      </QueryClientProvider>
    </div>
  );
}
