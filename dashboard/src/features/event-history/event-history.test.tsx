/** The page of the whole log against a real server's answers: read back, searched, opened at one event, followed. */
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createApi } from "../../api/client";
import { Recorder } from "../../testing/events";
import { renderPage } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { fromField, toField } from "../../ui/calendar";
import { fits, readEventsSearch } from "./events-search";
import { gather } from "./gather";
import { cameSince, hasGap } from "./use-log";

describe("the address", () => {
  it("keeps what it understands and drops the rest", () => {
    expect(
      readEventsSearch({
        seq: 12,
        q: 404,
        level: "loud",
        from: "2025-12-05T12:15:00Z",
        to: "soon",
        run_id: " r ",
      }),
    ).toEqual({ seq: 12, q: "404", from: "2025-12-05T12:15:00.000Z", run_id: "r" });
    expect(readEventsSearch({ seq: "-1", stage: "", q: ["a"] })).toEqual({});
  });

  it("writes a time in the viewer's zone, and reads the same one back", () => {
    const at = "2025-12-05T12:15:00.000Z";
    expect(readEventsSearch({ from: fromField(toField(at)) })).toEqual({ from: at });
    expect(toField(undefined)).toBe("");
  });
});

describe("an event that came", () => {
  const log = new Recorder();
  const failed = log.add("merger", "failed", "Disk full");
  const warned = log.add("analyzer", "log", "odd value", { level: "warning" });
  it("passes the filters that the server would let it through", () => {
    expect(fits(failed, { level: "error", stage: "merger", q: "disk" })).toBe(true);
    expect(fits(warned, { level: "warning", event: "log" })).toBe(true);
    expect(fits(warned, { level: "error" })).toBe(false);
    expect(fits(failed, { q: "odd" })).toBe(false);
    const held = { errors: [{ value: "99X" }], file: "bars.csv", status: { run: "late" } };
    const told = log.add("merger", "log", "Held back", { level: "warning", ...held });
    expect(["99x", "BARS", "warning", "late"].map((q) => fits(told, { q }))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(fits(failed, { from: warned.timestamp })).toBe(false);
    expect(fits(failed, { to: failed.timestamp, from: failed.timestamp })).toBe(true);
  });

  it("joins what was counted once", () => {
    expect(cameSince([failed, warned], 1, {})).toEqual([warned]);
    expect(cameSince([failed, warned], 0, { q: "odd" })).toEqual([warned]);
    expect(cameSince([failed, warned], 2, {})).toEqual([]);
  });

  it("leaves a gap where the live store forgot what was not counted", () => {
    expect(hasGap([warned], 0)).toBe(true);
    expect(hasGap([warned], 1)).toBe(false);
    expect(hasGap([], 0)).toBe(false);
  });
});

describe("the page", () => {
  let server: TestServer;
  beforeEach(async () => {
    // Without layout nothing has a height, and no row would be in view.
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
    vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(400);
    vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockReturnValue(42_000);
    Element.prototype.scrollTo = function (this: Element, to?: ScrollToOptions | number) {
      this.scrollTop = typeof to === "object" ? (to.top ?? 0) : 0;
      this.dispatchEvent(new Event("scroll"));
    };
    server = await new TestServer().listen();
    server.snapshotSize = 100;
    server.pagesLookThrough = 600;
    for (let seq = 1; seq <= 1500; seq++)
      server.log.add("translator", "log", seq % 500 === 7 ? `needle ${seq}` : `line ${seq}`);
    return () => vi.restoreAllMocks();
  });
  const list = () => screen.findByRole("log", { name: "Events" });

  it("shows the newest on top, and what comes above it", async () => {
    const { say } = await renderPage("/events", server);
    expect(await within(await list()).findByText("line 1500")).toBeDefined();
    await say((log) => log.add("merger", "success", "all merged"));
    await within(await list()).findByText("all merged");
    expect((await list()).querySelector("summary")?.textContent).toContain("all merged");
  });

  it("searches the whole log as one types, and the address keeps it", async () => {
    const { addressNow } = await renderPage("/events", server);
    await userEvent.type(await screen.findByRole("searchbox", { name: "Search the messages" }), "needle");
    expect(await screen.findByText("needle 7")).toBeDefined();
    expect(addressNow()).toBe("/events?q=needle");
    expect(screen.queryByText("line 1500")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Clear the filter" }));
    await screen.findByText("line 1500");
    expect(screen.getByRole<HTMLInputElement>("searchbox", { name: "Search the messages" }).value).toBe("");
  });

  it("opens at the event that the address points to, and goes on to the newest", async () => {
    const { addressNow } = await renderPage("/events?seq=20", server);
    await waitFor(() =>
      expect(document.querySelector("details[aria-current]")?.textContent).toContain("line 20"),
    );
    expect(document.querySelector("details[aria-current]")?.hasAttribute("open")).toBe(true);
    expect(screen.queryByText("line 1500")).toBeNull();
    expect(screen.getByTestId("log-place").textContent).toMatch(/of 1,500 events · paused/);
    await userEvent.click(screen.getByRole("button", { name: "Go to the newest" }));
    await screen.findByText("line 1500");
    expect(addressNow()).toBe("/events");
  });

  it("says that there is no such event", async () => {
    await renderPage("/events?seq=9999", server);
    expect((await screen.findByRole("alert")).textContent).toContain("There is no event");
  });

  it("holds what is read, and counts what waits", async () => {
    const { say } = await renderPage("/events", server);
    await within(await list()).findByText("line 1500");
    await userEvent.click(screen.getByRole("button", { name: "Pause" }));
    await say((log) => log.add("merger", "success", "all merged"));
    await userEvent.click(await screen.findByRole("button", { name: "Follow, 1 new" }));
    expect(await within(await list()).findByText("all merged")).toBeDefined();
  });

  it("gathers what is filtered, in order, page by page, and says where it stops", async () => {
    const api = createApi(server.origin);
    const counts: number[] = [];
    const bounds = { signal: new AbortController().signal, onCount: (count: number) => counts.push(count) };
    const all = await gather(api, {}, bounds);
    const seqs = (text: string) =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).seq);
    expect(seqs(all.text)).toEqual(server.log.events.map(({ seq }) => seq));
    expect(all).toMatchObject({ count: 1500, isWhole: true });
    expect(counts).toEqual([1000, 1500]);
    const some = await gather(api, { q: "needle" }, { ...bounds, most: 2 });
    expect(seqs(some.text)).toEqual([507, 1007]);
    expect(some.isWhole).toBe(false);
    await server.close();
  });

  it("does not gather on after it was stopped", async () => {
    const controller = new AbortController();
    const bounds = { signal: controller.signal, onCount: () => controller.abort() };
    await expect(gather(createApi(server.origin), {}, bounds)).rejects.toThrow();
    expect(server.calls).toHaveLength(1);
    await server.close();
  });
});
