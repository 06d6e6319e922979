/** The one server behind the page: its calls, its live store and its socket, handed to components by context. */
import { createContext, type ReactNode, useContext } from "react";
import { useStore } from "zustand";
import { type Api, createApi } from "./api/client";
import { LiveSocket } from "./live/socket";
import { createLiveStore, type LiveState, type LiveStore } from "./live/store";

export interface Backend {
  api: Api;
  live: LiveStore;
  socket: LiveSocket;
}

/** `address`: where the server is called, without a slash at its end. */
export function createBackend(address: string): Backend {
  const api = createApi(address);
  const live = createLiveStore();
  return { api, live, socket: new LiveSocket(address, api, live) };
}

const BackendContext = createContext<Backend | null>(null);

export const BackendProvider = ({ backend, children }: { backend: Backend; children: ReactNode }) => (
  <BackendContext value={backend}>{children}</BackendContext>
);

export function useBackend(): Backend {
  const backend = useContext(BackendContext);
  if (!backend) throw new Error("useBackend needs a BackendProvider above it");
  return backend;
}

/** One slice of the live state; the component is drawn again only when the slice changes. */
export const useLive = <T,>(select: (state: LiveState) => T): T => useStore(useBackend().live, select);

/** Why nothing can be changed from here now: what is shown may be old, and no answer would come. Null where it can. */
export const useNotLive = (): string | null =>
  useLive(({ connection }) => (connection.phase === "live" ? null : "The page is not live"));
