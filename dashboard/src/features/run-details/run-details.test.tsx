/** A run's page against a real server's answers: why it failed, where its rows are, what was different before. */
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Run, StageRun } from "../../api/types";
import { aRun } from "../../testing/events";
import { renderPage } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { compared, differenceOf } from "./comparison";
import { signedFigure } from "./comparison-table";

const ID = "20251205T121500Z-7f3a9c";
const second = (seconds: number): string => new Date(Date.UTC(2025, 11, 5, 12, 15, seconds)).toISOString();

const stage = (name: string, from: number, to: number, change: Partial<StageRun> = {}): StageRun => ({
  ...(aRun("success").stages[0] as StageRun),
  name,
  state: "success",
  attempts: 1,
  started_at: second(from),
  ended_at: second(to),
  ...change,
});

const counts = (rows: number, quarantined: number): Run["counts"] => ({
  ...aRun("success").counts,
  files_processed: 2,
  records: rows + quarantined,
  rows,
  quarantined,
});

const broken = aRun("failed", {
  run_id: ID,
  ended_at: second(30),
  counts: counts(90, 10),
  stages: [
    stage("translator", 0, 20),
    stage("analyzer", 20, 30, {
      state: "failed",
      reason: "timed_out",
      attempts: 2,
      message: "no end in sight",
    }),
  ],
});
const good = aRun("success", {
  run_id: "20251205T120000Z-000001",
  ended_at: second(12),
  counts: counts(100, 0),
  stages: [stage("translator", 0, 8), stage("analyzer", 8, 12)],
});

// The list of events draws what is in view, and without layout nothing would be.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(28);
  return () => vi.restoreAllMocks();
});

async function aServer(): Promise<TestServer> {
  const server = await new TestServer().listen();
  server.log.become("failed", { run: broken });
  const told = server.log.add("analyzer", "log", "looking at bars.csv", { level: "info" });
  const answer = (path: string, body: unknown) => server.answers.set(`GET ${path}`, { status: 200, body });
  answer(`/api/runs/${ID}`, broken);
  answer(`/api/runs/${ID}/events`, { items: [told], next: null, total: null });
  answer("/api/runs", { items: [good], next: null, total: 1 });
  answer("/api/inputs", { items: [], next: null, total: 0, summary: {} });
  answer(`/api/runs/${ID}/balance`, {
    ...{ records: 100, rows: 90, quarantined: 10, carried_over: 0, taken_in: 90 },
    ...{ inserted: 80, updated: 0, unchanged: 0, held_back: 0 },
    ...{ translated_difference: 0, merged_difference: 10, lost_between: 0 },
  });
  return server;
}

describe("a run's page", () => {
  it("says why it failed, what it told, and resumes it", async () => {
    const server = await aServer();
    server.answers.set("POST /api/pipeline/start", { status: 202, body: aRun("starting") });
    await renderPage(`/runs/${ID}`, server);
    expect((await screen.findByTestId("run-state")).textContent).toBe("failed");
    expect(screen.getByText("Analyzer failed: it took longer than it may")).toBeTruthy();
    expect(within(screen.getByTestId("stages")).getByText(/2 attempts/)).toBeTruthy();
    expect(await within(screen.getByTestId("run-events")).findByText("looking at bars.csv")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Resume from Analyzer" }));
    await waitFor(() => expect(server.calls).toContain("POST /api/pipeline/start"));
  });

  it("shows a sum that does not close as such", async () => {
    await renderPage(`/runs/${ID}`, await aServer());
    const rows = await screen.findByTestId("balance");
    await waitFor(() => expect(within(rows).getAllByText(/do not add up/)).toHaveLength(1));
    expect(within(rows).getByText(/10 do not add up/)).toBeTruthy();
  });

  it("compares it with the last good run before it", async () => {
    const { server } = await renderPage(`/runs/${ID}`, await aServer());
    const table = await screen.findByRole("table", { name: /This run beside/ });
    const row = within(table).getByRole("row", { name: /^Quarantined/ });
    expect(row.textContent).toBe("Quarantined100+10");
    expect(server.calls).toContain(`GET /api/runs?cursor=${ID}&state=success&limit=1`);
  });

  it("says so where there is no such run", async () => {
    const server = await new TestServer().listen();
    const detail = "there is no run nothing";
    server.answers.set("GET /api/runs/nothing", { status: 404, body: { title: "Unknown run", detail } });
    await renderPage("/runs/nothing", server);
    expect((await screen.findByRole("alert")).textContent).toBe(`Unknown run: ${detail}`);
  });
});

describe("the comparison", () => {
  it("has each figure with its sign, and none where one of the two has none", () => {
    const without = { ...good, stages: good.stages.slice(0, 1) };
    const told = compared(broken, without).map((each) => [
      each.name,
      signedFigure(differenceOf(each), each.unit),
    ]);
    expect(told.slice(0, 6)).toEqual([
      ["Duration", "+18 s"],
      ["Translator", "+12 s"],
      ["Analyzer", "–"],
      ["Files", "±0"],
      ["Records", "±0"],
      ["Rows", "−10"],
    ]);
  });
});
