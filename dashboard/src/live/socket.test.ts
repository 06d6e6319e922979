/** The live connection against a real WebSocket server: resumed, filled, never doubled. */
import type { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Backend, createBackend } from "../backend";
import { Recorder } from "../testing/events";
import { PATIENCE_MS } from "../testing/patience";
import { TestServer } from "../testing/server";
import { retryDelayMs } from "./socket";

let server: TestServer;
let backend: Backend;

beforeEach(async () => {
  server = await new TestServer().listen();
  backend = createBackend(server.origin);
});

afterEach(async () => {
  backend.socket.stop();
  await server.close();
});

const state = () => backend.live.getState();
const seqs = () => state().events.map(({ seq }) => seq);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const untilSeq = (seq: number) => vi.waitFor(() => expect(state().lastSeq).toBe(seq), PATIENCE_MS);

describe("the socket", () => {
  it("begins with a snapshot and then follows", async () => {
    server.log.startRun();
    backend.socket.start();
    await untilSeq(2);
    server.tell(server.log.add("translator", "start", "", { attempt: 1 }));
    await untilSeq(3);
    expect(server.since).toEqual([null]);
    expect(state().connection).toEqual({ phase: "live" });
    expect(state().status).toEqual(server.log.status);
  });

  it("continues from its last seq after a loss, and says how many came meanwhile", async () => {
    server.log.startRun();
    backend.socket.start();
    await untilSeq(2);
    server.log.add("translator", "start", "", { attempt: 1 });
    server.log.add("translator", "log", "a line");
    server.dropAll();
    await untilSeq(4);
    expect(server.since).toEqual([null, "2"]);
    expect(seqs()).toEqual(upTo(4));
    expect(state().missed?.count).toBe(2);
    expect(state().status).toEqual(server.log.status);
  });

  it("fills what a snapshot leaves out", async () => {
    server.log.startRun();
    backend.socket.start();
    await untilSeq(2);
    for (let line = 0; line < 2500; line++) server.log.add("translator", "log", `line ${line}`);
    server.snapshotSize = 10;
    server.dropAll();
    await untilSeq(2502);
    expect(seqs()).toEqual(upTo(2502));
    expect(server.calls).toContain("GET /api/events?since=2&limit=1000");
  });

  it("E12: is live by what arrives, however old the events are that it brings", async () => {
    const begunMs = Date.now();
    backend.socket.start();
    await vi.waitFor(() => expect(state().connection.phase).toBe("live"), PATIENCE_MS);
    // A backlog of a day that is long over.
    for (let line = 0; line < 100; line++) server.tell(server.log.add("translator", "log", `line ${line}`));
    await untilSeq(100);
    expect(Date.parse(server.log.events[99]?.timestamp ?? "")).toBeLessThan(begunMs - 86_400_000);
    expect(state().heardAtMs).toBeGreaterThanOrEqual(begunMs);
    // The page comes to the front: a silence would have it reconnect, a backlog does not.
    document.dispatchEvent(new Event("visibilitychange"));
    expect(state().connection).toEqual({ phase: "live" });
    expect(server.since).toEqual([null]);
  });

  it("E4: fills a gap that the server tells of", async () => {
    server.log.startRun();
    backend.socket.start();
    await untilSeq(2);
    server.log.add("translator", "log", "one");
    server.log.add("translator", "log", "two");
    server.send({ type: "gap", data: { from: 3, to: 4 } });
    server.tell(server.log.add("translator", "log", "three"));
    await untilSeq(5);
    expect(seqs()).toEqual(upTo(5));
  });

  it("fills a hole that nobody tells of, and drops what it has already", async () => {
    server.log.startRun();
    backend.socket.start();
    await untilSeq(2);
    const lost = server.log.add("translator", "log", "lost");
    const next = server.log.add("translator", "log", "next");
    server.tell(next);
    server.tell(lost, next);
    server.tell(server.log.add("translator", "log", "last"));
    await untilSeq(5);
    expect(seqs()).toEqual(upTo(5));
  });

  it("starts from the snapshot where what it missed was removed meanwhile", async () => {
    server.log.startRun();
    backend.socket.start();
    await untilSeq(2);
    for (let line = 0; line < 50; line++) server.log.add("translator", "log", `line ${line}`);
    server.removedUpTo = 30;
    server.snapshotSize = 10;
    server.dropAll();
    await untilSeq(52);
    expect(seqs()).toEqual(upTo(52).slice(-10));
    expect(state().connection).toEqual({ phase: "live" });
    expect(state().missed?.count).toBe(50);
    expect(state().status).toEqual(server.log.status);
    expect(server.since).toEqual([null, "2"]);
  });

  it("starts afresh where a gap in a living connection was removed", async () => {
    server.log.startRun();
    backend.socket.start();
    await untilSeq(2);
    for (let line = 0; line < 50; line++) server.log.add("translator", "log", `line ${line}`);
    server.removedUpTo = 30;
    server.send({ type: "gap", data: { from: 3, to: 52, removed_up_to: 30 } });
    await untilSeq(52);
    await vi.waitFor(() => expect(state().connection).toEqual({ phase: "live" }), PATIENCE_MS);
    expect(server.since).toEqual([null, null]);
  });

  it("starts afresh where another home answers", async () => {
    server.log.startRun();
    backend.socket.start();
    await untilSeq(2);
    server.log = new Recorder();
    server.log.become("idle");
    server.dropAll();
    await vi.waitFor(() => expect(state().status?.state).toBe("idle"), PATIENCE_MS);
    expect(seqs()).toEqual([1]);
  });

  it("renews the connection where a frame does not fold", async () => {
    vi.spyOn(console, "error").mockImplementationOnce(() => {});
    server.log.startRun();
    backend.socket.start();
    await untilSeq(2);
    server.send({ type: "gap", data: { from: 3, to: 9 } });
    await vi.waitFor(() => expect(server.since).toEqual([null, "2"]), PATIENCE_MS);
    await vi.waitFor(() => expect(state().connection.phase).toBe("live"), PATIENCE_MS);
  });

  it("leads to the login where that ended while the server was away", async () => {
    // jsdom goes nowhere: it says that it would.
    let left = 0;
    const { virtualConsole } = (globalThis as unknown as { jsdom: { virtualConsole: EventEmitter } }).jsdom;
    const onRefusal = ({ message }: Error): void => {
      if (message.includes("navigation")) left += 1;
    };
    virtualConsole.on("jsdomError", onRefusal);
    onTestFinished(() => void virtualConsole.off("jsdomError", onRefusal));
    const asked = () => server.calls.filter((call) => call === "GET /api/session").length;
    backend.socket.start();
    await vi.waitFor(() => expect(state().connection.phase).toBe("live"), PATIENCE_MS);
    expect(asked()).toBe(0);

    server.refusesSocketsWith = 503;
    server.answers.set("GET /api/session", { status: 503, body: { title: "Not yet", status: 503 } });
    server.dropAll();
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(0), PATIENCE_MS);
    expect(left).toBe(0);

    server.refusesSocketsWith = 403;
    server.answers.set("GET /api/session", { status: 401, body: { title: "Log in", status: 401 } });
    await vi.waitFor(() => expect(left).toBeGreaterThan(0), PATIENCE_MS);
  });

  it("E18: tries again at once when the page is looked at", async () => {
    server.log.startRun();
    backend.socket.start();
    await untilSeq(2);
    server.dropAll();
    await vi.waitFor(() => expect(state().connection.phase).toBe("waiting"), PATIENCE_MS);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(state().connection.phase).toBe("connecting");
    await vi.waitFor(() => expect(state().connection.phase).toBe("live"), PATIENCE_MS);
  });
});

describe("E18: the wait before a retry", () => {
  it("grows, is capped and never ends", () => {
    expect(retryDelayMs(0, 1)).toBe(500);
    expect(retryDelayMs(3, 1)).toBe(4000);
    expect(retryDelayMs(5000, 1)).toBe(30_000);
    expect(retryDelayMs(5000, 0)).toBe(15_000);
  });
});
