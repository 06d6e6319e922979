/** Stands for the server on the page of all states: answers from the API's recorded examples, and calls nothing. */
import openapi from "../../openapi.json";
import { createApi } from "../api/client";
import { type Backend, createBackend } from "../backend";
import { LiveSocket } from "../live/socket";
import { type LiveState, startFrom } from "../live/store";
import { eventsFor, pagesFor } from "../testing/event-answers";
import type { Recorder } from "../testing/events";

/** What one call is answered; "nothing yet" keeps it waiting. */
export type Said = { status: number; body: unknown } | "nothing yet";

/** By "METHOD /path", or "*" for all that is not named. */
export type Answers = Readonly<Record<string, Said>>;

type Operation = { responses: Record<string, { content?: Record<string, { example?: unknown }> }> };

const PATHS = Object.entries(openapi.paths as unknown as Record<string, Record<string, Operation>>).map(
  ([path, operations]) => ({
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`),
    path,
    operations,
  }),
);

class StillSocket extends LiveSocket {
  override retryNow = (): void => {};
}

/** `live` is what the page knows beside the log; without a log the server has not said anything. */
export function standIn(log: Recorder | null, answers: Answers = {}, live: Partial<LiveState> = {}): Backend {
  const address = window.location.origin;
  const { live: store } = createBackend(address);
  const api = createApi(address, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const said =
      answers[`${request.method} ${pathname}`] ??
      answers["*"] ??
      eventsOf(log, pathname, searchParams) ??
      exampleOf(request.method, pathname);
    if (said === "nothing yet") return new Promise<Response>(() => {});
    const kind = said.status < 400 ? "application/json" : "application/problem+json";
    return new Response(JSON.stringify(said.body), {
      status: said.status,
      headers: { "content-type": kind },
    });
  });
  store.setState({
    connection: { phase: "live" },
    heardAtMs: Date.now(),
    ...(log && startFrom(log.snapshot())),
    ...live,
  });
  return { api, live: store, socket: new StillSocket(address, api, store) };
}

/** What the API's description gives as the answer to a call. */
export function exampleOf(method: string, pathname: string): Said {
  // The path without a parameter comes before the one with it.
  const found = PATHS.filter(({ pattern }) => pattern.test(pathname)).toSorted(
    (one, other) => Number(one.path.includes("{")) - Number(other.path.includes("{")),
  );
  const responses = found[0]?.operations[method.toLowerCase()]?.responses ?? {};
  const [status, answer] = Object.entries(responses).find(([code]) => code.startsWith("2")) ?? [];
  const example = answer?.content?.["application/json"]?.example;
  if (status === undefined || example === undefined)
    return problem(404, "Not Found", `no example is recorded of ${method} ${pathname}`);
  return { status: Number(status), body: example };
}

export const problem = (status: number, title: string, detail: string): Said => ({
  status,
  body: { type: "about:blank", title, status, detail },
});

export const list = (items: unknown[], more: object = {}): Said => ({
  status: 200,
  body: { items, next: null, total: items.length, ...more },
});

const ALL_EVENTS = /^\/api\/(?:runs\/[^/]+\/)?events(\/pages)?$/;

function eventsOf(log: Recorder | null, pathname: string, asked: URLSearchParams): Said | null {
  const path = ALL_EVENTS.exec(pathname);
  if (!path) return null;
  const told = { events: log?.events ?? [], removedUpTo: 0, pagesLookThrough: Number.POSITIVE_INFINITY };
  return { status: 200, body: path[1] ? pagesFor(told, asked) : eventsFor(told, asked) };
}
