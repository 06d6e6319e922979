/** The page of past runs against a real server's answers: what it shows, and what its address keeps. */
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Run, RunSpan, Slot } from "../../api/types";
import { aRun } from "../../testing/events";
import { renderPage } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { daysFrame, daysOf } from "./calendar-days";
import { lanesOf, tally } from "./lanes";
import { frameOf, moved, readRunsSearch, zoomedTo } from "./runs-search";
import { ticksOf } from "./ticks";

const at = (minutes: number): string => new Date(Date.UTC(2025, 11, 5, 12, minutes)).toISOString();

const pastRun = (minutes: number, state: Run["state"]): Run =>
  aRun(state, {
    run_id: `20251205T12${minutes}00Z-000001`,
    started_at: at(minutes),
    ended_at: at(minutes + 5),
    counts: { ...aRun("success").counts, rows: 1000 + minutes, quarantined: 3 },
  });

const span = (minutes: number, state: Run["state"]): RunSpan => {
  const { run_id, trigger, started_at, ended_at, stages } = pastRun(minutes, state);
  const [first] = stages.map(({ name }) => ({
    name,
    state: "success" as const,
    attempts: 1,
    started_at,
    ended_at,
  }));
  return { run_id, state, trigger, started_at, ended_at, stages: first ? [first] : [] };
};

const slot = (minutes: number, verdict: Slot["verdict"], why = ""): Slot => ({
  mark: at(minutes),
  verdict,
  reason: null,
  run_id: null,
  late_s: null,
  why,
  seq: 1,
});

async function aServer(): Promise<TestServer> {
  const server = await new TestServer().listen();
  const page = (items: unknown[], next: string | null = null) => ({
    status: 200,
    body: { items, next, total: items.length },
  });
  server.answers.set(
    "GET /api/runs",
    page([pastRun(30, "failed"), pastRun(15, "success")], "20251205T121500Z-000001"),
  );
  server.answers.set("GET /api/timeline", page([span(30, "failed"), span(15, "success")]));
  server.answers.set("GET /api/slots", page([slot(15, "missed", "no server was there")]));
  server.answers.set("GET /api/schedule/plan", {
    status: 200,
    body: {
      marks: [{ mark: at(45), ends_at: null }],
      expected_s: 12,
      files_waiting: 1,
      paused: false,
      breaker: "closed",
    },
  });
  return server;
}

describe("the page of runs", () => {
  it("shows the runs, pages through them, and asks for those that the address names", async () => {
    const older = "GET /api/runs?limit=50&cursor=20251205T121500Z-000001&state=failed";
    const answering = await aServer();
    answering.answers.set(older, {
      status: 200,
      body: { items: [pastRun(10, "failed")], next: null, total: 3 },
    });
    const { server, addressNow, say } = await renderPage("/runs?state=failed&zoom=levitating", answering);
    const table = await screen.findByRole("table", { name: /Runs, newest first/ });
    expect(within(table).getAllByRole("row")).toHaveLength(3);
    expect(within(table).getByText("1,030")).toBeTruthy();
    expect(server.calls).toContain("GET /api/runs?limit=50&state=failed");

    await userEvent.click(screen.getByRole("button", { name: "Show older runs" }));
    await waitFor(() => expect(within(table).getAllByRole("row")).toHaveLength(4));
    expect(server.calls).toContain(older);

    await userEvent.selectOptions(screen.getByRole("combobox", { name: "State" }), "stopped");
    await waitFor(() => expect(server.calls).toContain("GET /api/runs?limit=50&state=stopped"));
    expect(addressNow()).toBe("/runs?state=stopped");

    await userEvent.click(screen.getByRole("radio", { name: "Week" }));
    await waitFor(() => expect(addressNow()).toBe("/runs?state=stopped&zoom=week"));

    const asked = server.calls.filter((call) => call.startsWith("GET /api/timeline")).length;
    await say((log) => log.startRun());
    await waitFor(() =>
      expect(server.calls.filter((call) => call.startsWith("GET /api/timeline")).length).toBeGreaterThan(
        asked,
      ),
    );
  });

  it("tells why nothing ran at a mark, by keyboard too", async () => {
    await renderPage(`/runs?until=${at(55)}`, await aServer());
    const grid = await screen.findByRole("grid", { name: /Marks by day/ });
    const cell = within(grid).getByLabelText(/missed, no server was there/);
    const quarter = Number(cell.dataset.quarter);
    grid.focus();
    await userEvent.keyboard(`{Home}${"{ArrowRight}".repeat(quarter)}`);
    expect(grid.getAttribute("aria-activedescendant")).toBe(cell.id);
    expect(screen.getByTestId("mark-readout").textContent).toContain("no server was there");
  });

  it("opens the run that is chosen on the timeline", async () => {
    const { addressNow } = await renderPage(`/runs?zoom=hour&until=${at(55)}`, await aServer());
    const list = await screen.findByRole("listbox", { name: /Runs in the order/ });
    list.focus();
    await userEvent.keyboard("{End}{ArrowLeft}{Enter}");
    await waitFor(() => expect(addressNow()).toBe("/runs/20251205T121500Z-000001"));
  });

  it("says what the server said where it cannot answer", async () => {
    const server = await aServer();
    server.answers.set("GET /api/runs", {
      status: 500,
      body: { title: "Broken", detail: "the log is gone" },
    });
    await renderPage("/runs", server);
    expect((await screen.findByRole("alert")).textContent).toBe("Broken: the log is gone");
  });
});

describe("the address", () => {
  it("is total: what it does not understand is left out", () => {
    expect(readRunsSearch({ state: "levitating", trigger: 7, zoom: "day", until: "tomorrow" })).toEqual({});
    expect(readRunsSearch({ state: "failed", zoom: "hour", until: at(0) })).toEqual({
      state: "failed",
      zoom: "hour",
      until: at(0),
    });
  });

  it("moves back by half a span, and on again until it follows the clock", () => {
    const nowMs = Date.parse(at(10));
    const back = moved({ zoom: "hour" }, -1, nowMs);
    expect(back.until).toBe(new Date(nowMs - 1_800_000).toISOString());
    expect(moved(back, 1, nowMs)).toEqual({ zoom: "hour" });
  });

  it("zooms in around a moment", () => {
    const zoomed = zoomedTo({ zoom: "week", state: "failed" }, "hour", Date.parse(at(0)), Date.parse(at(59)));
    expect(zoomed).toEqual({ state: "failed", zoom: "hour", until: at(30) });
  });
});

describe("the timeline", () => {
  const frame = frameOf({ zoom: "month", until: at(59) }, 0);

  it("makes one bar of runs that lie too near to be seen apart, as grave as the gravest", () => {
    const [runs, translator] = lanesOf(
      [span(45, "success"), span(30, "failed"), span(15, "success")],
      frame,
      0,
    );
    expect(runs?.bars.map(({ tone, runs: own }) => [tone, own.length])).toEqual([["bad", 3]]);
    expect(translator?.bars.map(({ tone }) => tone)).toEqual(["ok"]);
    expect(tally(runs?.bars[0]?.runs ?? [])).toEqual([
      ["failed", 1],
      ["success", 2],
    ]);
  });

  it("keeps them apart where there is room", () => {
    const hour = frameOf({ zoom: "hour", until: at(59) }, 0);
    expect(lanesOf([span(30, "failed"), span(15, "success")], hour, 0)[0]?.bars).toHaveLength(2);
  });

  it("leaves out what is not in its span, and marks round times", () => {
    expect(lanesOf([span(30, "failed")], frameOf({ zoom: "hour", until: at(20) }, 0), 0)[0]?.bars).toEqual(
      [],
    );
    const ticks = ticksOf(frameOf({ zoom: "hour", until: at(60) }, 0), "hour");
    expect(ticks.map(({ at: share }) => Math.round(share * 6))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe("the calendar", () => {
  it("holds several marks of a quarter in one cell, as grave as the gravest", () => {
    const frame = daysFrame(Date.parse(at(59)), 7);
    const days = daysOf(
      [slot(16, "ran"), slot(17, "missed"), slot(18, "skipped")],
      [{ mark: at(46), ends_at: null }],
      frame,
    );
    expect(days).toHaveLength(7);
    const cells = days.flatMap((day) => day.cells).filter((cell) => cell !== undefined);
    expect(cells.map(({ slots, planned, verdict }) => [slots.length, planned.length, verdict])).toEqual([
      [3, 0, "missed"],
      [0, 1, null],
    ]);
  });
});
