/** What jsdom lacks, and a clean page after each test. */
import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";
import { WebSocket } from "ws";
import { PATIENCE_MS } from "./patience";

// A browser's socket that is refused closes; that of Node throws where nobody listens.
class BrowserSocket extends WebSocket {
  constructor(address: string | URL) {
    super(address);
    this.addEventListener("error", () => {});
  }
}
// jsdom's own one dispatches Node's events, which Node 20 then refuses.
vi.stubGlobal("WebSocket", BrowserSocket);

// Without layout nothing is ever resized.
class NeverResized implements ResizeObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
globalThis.ResizeObserver ??= NeverResized;
vi.stubGlobal("scrollTo", () => {});

configure({ asyncUtilTimeout: PATIENCE_MS });
afterEach(cleanup);
