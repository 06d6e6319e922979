/**
 * The live connection: snapshot first, then events without gap or duplicate, across any loss.
 *
 * It never gives up. It resumes from the last `seq`, fills holes from `/api/events`, and starts afresh from the server's
 * snapshot where the two cannot be joined.
 */
import { type Api, answerOf, Problem, toLogin } from "../api/client";
import type { EventRecord } from "../api/types";
import { KEPT_EVENTS, type LiveState, type LiveStore, type Snapshot, startFrom, take } from "./store";

export type Frame =
  | { type: "snapshot"; data: Snapshot }
  | { type: "events"; data: EventRecord[] }
  | { type: "gap"; data: { from: number; to: number; removed_up_to?: number } };

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** After such a silence a socket may be dead without knowing it, for instance after the machine slept. */
const SUSPECT_SILENCE_MS = 30_000;
const TICK_MS = 5000;
/** A tick that comes so late was slept through: browsers slow the timers of hidden pages to one a minute. */
const SLEPT_MS = 90_000;
const FILL_PAGE = 1000;
/** With it the server says up to which seq events were removed, of those that were asked for. */
const REMOVED_UP_TO = "events-removed-up-to";
/** With it the server closes an open socket whose token was revoked (RFC 6455: policy violation). */
const REVOKED = 1008;

/** Doubles up to the cap; the jitter keeps many viewers from returning all at once. */
export const retryDelayMs = (attempt: number, random = Math.random()): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt) * (0.5 + random / 2);

export class LiveSocket {
  readonly #address: string;
  readonly #api: Api;
  readonly #store: LiveStore;
  #socket: WebSocket | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ticks: ReturnType<typeof setInterval> | undefined;
  #tickedAtMs = 0;
  #failedAttempts = 0;
  /** Frames are handled one after the other, also where one waits for a hole to be filled. */
  #handled: Promise<void> = Promise.resolve();

  constructor(address: string, api: Api, store: LiveStore) {
    this.#address = address;
    this.#api = api;
    this.#store = store;
  }

  start(): void {
    document.addEventListener("visibilitychange", this.#wake);
    window.addEventListener("online", this.#wake);
    this.#tickedAtMs = Date.now();
    this.#ticks = setInterval(this.#tick, TICK_MS);
    this.#connect();
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.#wake);
    window.removeEventListener("online", this.#wake);
    clearTimeout(this.#retry);
    clearInterval(this.#ticks);
    this.#drop();
  }

  /** Try now what would be tried later. */
  retryNow = (): void => {
    clearTimeout(this.#retry);
    this.#connect();
  };

  /** A machine that woke tells nobody, where the page was in sight all the while: its clock does. */
  #tick = (): void => {
    const nowMs = Date.now();
    const hasSlept = nowMs - this.#tickedAtMs > SLEPT_MS;
    this.#tickedAtMs = nowMs;
    if (hasSlept) this.#wake();
  };

  #wake = (): void => {
    if (document.visibilityState === "hidden") return;
    const { connection, heardAtMs } = this.#store.getState();
    const isSuspect = connection.phase === "live" && Date.now() - (heardAtMs ?? 0) > SUSPECT_SILENCE_MS;
    if (connection.phase === "waiting" || isSuspect) this.retryNow();
  };

  #connect(): void {
    this.#drop();
    const { lastSeq } = this.#store.getState();
    const url = new URL(`${this.#address.replace(/^http/, "ws")}/ws/events`);
    url.searchParams.set("batch", "1");
    if (lastSeq > 0) url.searchParams.set("since", String(lastSeq));
    this.#update({ connection: { phase: "connecting" } });

    const socket = new WebSocket(url);
    this.#socket = socket;
    let hasOpened = false;
    socket.onopen = () => {
      hasOpened = true;
    };
    socket.onmessage = ({ data }) => {
      this.#handled = this.#handled.then(() => this.#handle(socket, String(data)));
    };
    socket.onclose = ({ code }) => {
      if (code === REVOKED) toLogin();
      if (socket !== this.#socket) return;
      this.#retryLater();
      if (!hasOpened) void this.#askWhoIsThere();
    };
  }

  /** Browsers do not say why a socket was refused. A call says whether the login has ended, and then leads to a new one. */
  async #askWhoIsThere(): Promise<void> {
    try {
      await answerOf(this.#api.GET("/api/session"));
    } catch (error) {
      // A server that is away is what the connection says already.
      if (!(error instanceof Problem)) throw error;
    }
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #retryLater(): void {
    this.#drop();
    const delayMs = retryDelayMs(this.#failedAttempts++);
    this.#retry = setTimeout(() => this.#connect(), delayMs);
    this.#update({ connection: { phase: "waiting", retryAtMs: Date.now() + delayMs } });
  }

  async #handle(socket: WebSocket, text: string): Promise<void> {
    if (socket !== this.#socket) return;
    try {
      await this.#take(JSON.parse(text) as Frame);
      if (socket === this.#socket) this.#update({ heardAtMs: Date.now() });
    } catch (error) {
      // The hole stays open, or the frame does not fold: what follows cannot be joined on, the next connection can.
      console.error("The live connection is renewed:", error);
      if (socket === this.#socket) this.#retryLater();
    }
  }

  async #take(frame: Frame): Promise<void> {
    switch (frame.type) {
      case "snapshot":
        return this.#takeSnapshot(frame.data);
      case "events":
        if (!(await this.#takeEvents(frame.data))) this.#startAfresh();
        return;
      case "gap":
        if (!(await this.#fillTo(frame.data.to))) this.#startAfresh();
    }
  }

  async #takeSnapshot(snapshot: Snapshot): Promise<void> {
    const { lastSeq } = this.#store.getState();
    const missed = snapshot.last_seq - lastSeq;
    if (missed < 0) {
      // Another home behind the same address: what is known here is not its past.
      this.#startAfresh();
      return;
    }
    const isJoined =
      lastSeq > 0 &&
      missed <= KEPT_EVENTS &&
      (await this.#takeEvents(snapshot.events)) &&
      (await this.#fillTo(snapshot.last_seq));
    if (!isJoined) {
      this.#update(startFrom(snapshot));
    } else if (snapshot.last_seq === this.#store.getState().lastSeq) {
      this.#update({ status: snapshot.status });
    }
    this.#failedAttempts = 0;
    const wasAway = lastSeq > 0 && missed > 0;
    this.#update({
      connection: { phase: "live" },
      missed: wasAway ? { count: missed, atMs: Date.now() } : null,
    });
  }

  /** Forget all, and begin with the server's next snapshot. */
  #startAfresh(): void {
    this.#update({ events: [], lastSeq: 0 });
    this.#connect();
  }

  /** False where what is missing before them was removed. */
  async #takeEvents(events: readonly EventRecord[]): Promise<boolean> {
    const first = events.find(({ seq }) => seq > this.#store.getState().lastSeq);
    if (!first) return true;
    if (!(await this.#fillTo(first.seq - 1))) return false;
    this.#update(take(this.#store.getState(), events));
    return true;
  }

  /** Fetch what is missing up to `seq`. False where the server removed some of it. */
  async #fillTo(seq: number): Promise<boolean> {
    for (let since = this.#store.getState().lastSeq; since < seq; since = this.#store.getState().lastSeq) {
      const call = this.#api.GET("/api/events", { params: { query: { since, limit: FILL_PAGE } } });
      const { items } = await answerOf(call);
      if (Number((await call).response.headers.get(REMOVED_UP_TO)) > since) return false;
      if (items.length === 0) throw new Error(`the server has no events from ${since + 1} to ${seq}`);
      this.#update(take(this.#store.getState(), items));
    }
    return true;
  }

  #update(change: Partial<LiveState>): void {
    this.#store.setState(change);
  }
}
