/** A real HTTP and WebSocket server on a free port that says what a test wants it to. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { EventRecord } from "../api/types";
import type { Frame } from "../live/socket";
import { eventsFor, pagesFor, type Told } from "./event-answers";
import { Recorder } from "./events";

type Answer = { status: number; body: unknown; headers?: Record<string, string> };

export class TestServer {
  /** What it knows; replace it, and it is another installation. */
  log = new Recorder();
  /** Answers by "METHOD /path?query", else by "METHOD /path". */
  readonly answers = new Map<string, Answer>();
  /** Calls that came, by "METHOD /path?query". */
  readonly calls: string[] = [];
  /** The `since` of each connection, in order. */
  readonly since: (string | null)[] = [];
  /** How many of the last events a snapshot holds. */
  snapshotSize = Number.POSITIVE_INFINITY;
  /** How many events one answer on pages of events looks through. */
  pagesLookThrough = 1_000_000;
  /** The seq up to which events were removed. */
  removedUpTo = 0;
  /** The HTTP status with which it refuses sockets; null where it takes them. */
  refusesSocketsWith: number | null = null;
  readonly #sockets = new Set<WebSocket>();
  readonly #http: Server;
  #port = 0;

  constructor() {
    this.#http = createServer((request, response) => {
      const { status, body, headers } = this.#answer(request);
      response.writeHead(status, {
        "content-type": status < 400 ? "application/json" : "application/problem+json",
        "access-control-allow-origin": "*",
        ...headers,
      });
      response.end(JSON.stringify(body));
    });
    new WebSocketServer({
      server: this.#http,
      verifyClient: (_, done) => done(this.refusesSocketsWith === null, this.refusesSocketsWith ?? undefined),
    }).on("connection", (socket, request) => {
      const since = new URL(request.url ?? "", this.origin).searchParams.get("since");
      this.since.push(since);
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      const { status, events, last_seq } = this.log.snapshot();
      const later = events.filter(({ seq }) => seq > Number(since ?? 0));
      this.#sendTo(socket, {
        type: "snapshot",
        data: { status, events: later.slice(-this.snapshotSize), last_seq },
      });
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get #told(): Told {
    return {
      events: this.log.events,
      removedUpTo: this.removedUpTo,
      pagesLookThrough: this.pagesLookThrough,
    };
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
    this.#port = (this.#http.address() as AddressInfo).port;
    return this;
  }

  /** Cut every connection as a dying server does. */
  dropAll(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  send(frame: Frame): void {
    for (const socket of this.#sockets) this.#sendTo(socket, frame);
  }

  /** Tell what the log has after `seq`. */
  tell(...events: EventRecord[]): void {
    this.send({ type: "events", data: events });
  }

  async close(): Promise<void> {
    this.dropAll();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #sendTo(socket: WebSocket, frame: Frame): void {
    socket.send(JSON.stringify(frame));
  }

  #answer(request: IncomingMessage): Answer {
    const url = new URL(request.url ?? "", this.origin);
    this.calls.push(`${request.method} ${url.pathname}${url.search}`);
    if (url.pathname === "/api/events/pages")
      return { status: 200, body: pagesFor(this.#told, url.searchParams) };
    if (url.pathname === "/api/events") {
      const isBelow = Number(url.searchParams.get("since")) < this.removedUpTo;
      const headers = isBelow ? { "events-removed-up-to": String(this.removedUpTo) } : {};
      return { status: 200, body: eventsFor(this.#told, url.searchParams), headers };
    }
    return (
      this.answers.get(`${request.method} ${url.pathname}${url.search}`) ??
      this.answers.get(`${request.method} ${url.pathname}`) ?? {
        status: 404,
        body: { title: "Not found", status: 404, detail: `no such path: ${url.pathname}` },
      }
    );
  }
}
