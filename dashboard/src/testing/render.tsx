/** Draws a part of the page against a running test server. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { onTestFinished, vi } from "vitest";
import { BackendProvider, createBackend } from "../backend";
import { TestServer } from "./server";

export async function renderLive(element: ReactNode, server?: TestServer) {
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
  });
  /** Make events with the server's log, send them, and wait until they are drawn. */
  const say = async (make: (log: TestServer["log"]) => void): Promise<void> => {
    const before = running.log.events.length;
    make(running.log);
    await act(async () => {
      running.tell(...running.log.events.slice(before));
      await vi.waitFor(() => {
        if (backend.live.getState().lastSeq < running.log.events.length) throw new Error("not told yet");
      });
    });
  };
  return { server: running, backend, say };
}
