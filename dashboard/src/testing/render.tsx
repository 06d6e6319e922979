/** Draws a part of the page against a running test server. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRouter,
  RouterContextProvider,
  RouterProvider,
} from "@tanstack/react-router";
import { act, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { onTestFinished, vi } from "vitest";
import { BackendProvider, createBackend } from "../backend";
import { routeTree } from "../routes";
import { PATIENCE_MS } from "./patience";
import { TestServer } from "./server";

/** A part of a page, with the addresses that it links to. */
export function renderLive(element: ReactNode, server?: TestServer) {
  const router = createRouter({ routeTree, history: createMemoryHistory() });
  return renderWith(<RouterContextProvider router={router}>{element}</RouterContextProvider>, server);
}

/** The page at an address, and where it has gone since. */
export async function renderPage(address: string, server?: TestServer) {
  const router = createRouter({
    routeTree,
    history: createMemoryHistory({ initialEntries: [address] }),
  });
  const rendered = await renderWith(<RouterProvider router={router} />, server);
  return { ...rendered, addressNow: () => router.state.location.href };
}

async function renderWith(element: ReactNode, server?: TestServer) {
  const running = server ?? (await new TestServer().listen());
  const backend = createBackend(running.origin);
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  backend.socket.start();
  onTestFinished(async () => {
    backend.socket.stop();
    queries.clear();
    await running.close();
  });
  render(
    <QueryClientProvider client={queries}>
      <BackendProvider backend={backend}>{element}</BackendProvider>
    </QueryClientProvider>,
  );
  await vi.waitFor(() => {
    if (backend.live.getState().connection.phase !== "live") throw new Error("not live yet");
  }, PATIENCE_MS);
  /** Make events with the server's log, send them, and wait until they are drawn. */
  const say = async (make: (log: TestServer["log"]) => void): Promise<void> => {
    const before = running.log.events.length;
    make(running.log);
    await act(async () => {
      running.tell(...running.log.events.slice(before));
      await vi.waitFor(() => {
        if (backend.live.getState().lastSeq < running.log.events.length) throw new Error("not told yet");
      }, PATIENCE_MS);
    });
  };
  return { server: running, backend, say };
}
