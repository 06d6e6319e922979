/** What the page knows: the status, the last events and the connection. Written by the socket alone; components pick slices. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { EventRecord, Status } from "../api/types";
import { fold } from "./reducer";

/** Older events are dropped from memory; the server keeps them all. */
export const KEPT_EVENTS = 20_000;

export type Connection =
  | { phase: "connecting" }
  | { phase: "live" }
  | { phase: "waiting"; retryAtMs: number };

export type Snapshot = { status: Status; events: EventRecord[]; last_seq: number };

export interface LiveState {
  /** Null until the first snapshot. */
  status: Status | null;
  /** In the order of their seq. */
  events: readonly EventRecord[];
  lastSeq: number;
  connection: Connection;
  /** By the viewer's clock: when the server last said anything. */
  heardAtMs: number | null;
  /** The events that came while the connection was away, once it is back. */
  missed: { count: number; atMs: number } | null;
}

export type LiveStore = StoreApi<LiveState>;

export const createLiveStore = (): LiveStore =>
  createStore<LiveState>()(() => ({
    status: null,
    events: [],
    lastSeq: 0,
    connection: { phase: "connecting" },
    heardAtMs: null,
    missed: null,
  }));

/** Begin with a snapshot, and forget what was there before. */
export const startFrom = ({ status, events, last_seq }: Snapshot): Partial<LiveState> => ({
  status,
  events: events.slice(-KEPT_EVENTS),
  lastSeq: last_seq,
});

/** Take in events that follow; one that is known already is dropped. */
export function take(state: LiveState, events: readonly EventRecord[]): Partial<LiveState> {
  const fresh = events.filter(({ seq }) => seq > state.lastSeq);
  const last = fresh.at(-1);
  if (!last) return {};
  const kept = state.events.concat(fresh);
  return {
    status: state.status && fold(fresh, state.status),
    events: kept.length > KEPT_EVENTS ? kept.slice(-KEPT_EVENTS) : kept,
    lastSeq: last.seq,
  };
}

/** Calls `listener` with the events that each change of the store brought. Returns how to stop it. */
export const onEvents = (store: LiveStore, listener: (fresh: readonly EventRecord[]) => void): (() => void) =>
  store.subscribe(({ events, lastSeq }, before) => {
    if (lastSeq > before.lastSeq) {
      const firstFresh = events.findLastIndex(({ seq }) => seq <= before.lastSeq) + 1;
      listener(events.slice(firstFresh));
    }
  });
