/** E24: what came in and what can be taken out, asked for again when an event says that it changed. */
import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Dataset, InputItem, InputSummary } from "../../api/types";
import { renderLive } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { ExportPanel } from "./export-panel";

const NOTHING: InputSummary = {
  waiting: 0,
  settling: 0,
  done: 0,
  quarantined: 0,
  held_back: 0,
  retracted: 0,
  bytes_waiting: 0,
  rows: 0,
  last_arrival_at: null,
  folder: "/srv/quarterhour/data/raw",
};

const FLIGHTS: Dataset = {
  name: "flights",
  rows: 336776,
  size_bytes: 8_123_456,
  version: 3,
  updated_at: "2025-12-05T12:15:09.000Z",
  files: 12,
  columns: [],
  keys: [],
};

const JUNK: InputItem = {
  id: "74d34720c5fa00000000000000000000",
  name: "junk.csv",
  dataset: "junk",
  state: "quarantined",
  size: 12,
  modified_at: "2025-12-05T12:14:00.000Z",
  records: 0,
  rows: 0,
  quarantined: 0,
  run_id: null,
  message: "junk.csv is not text: byte 0x00 at offset 4",
};

const list = (items: unknown[], more = {}) => ({
  status: 200,
  body: { items, next: null, total: items.length, ...more },
});

async function renderEmpty() {
  const server = await new TestServer().listen();
  server.answers.set("GET /api/inputs", list([], { summary: NOTHING }));
  server.answers.set("GET /api/datasets", list([]));
  const rendered = await renderLive(<ExportPanel />, server);
  return rendered;
}

describe("ExportPanel", () => {
  it("tells a newcomer where to drop a file", async () => {
    await renderEmpty();
    expect((await screen.findAllByText("data/raw")).length).toBeGreaterThan(0);
  });

  it("shows what a run merged as soon as the merger says so", async () => {
    const { server, say } = await renderEmpty();
    await screen.findByText(/makes the first table/);
    server.answers.set("GET /api/datasets", list([FLIGHTS]));
    await say((log) => log.startRun());
    await say((log) => log.add("merger", "success", "", { inserted: 336776 }));
    expect(await screen.findByText("flights")).toBeTruthy();
    expect(screen.getByText(/336,776 rows · 8.1 MB · version 3/)).toBeTruthy();
    const csv = screen.getByRole("link", { name: "Download flights as CSV" });
    expect(csv.getAttribute("href")).toBe("/api/datasets/flights/export?format=csv");
  });

  it("shows a file in quarantine with its reason", async () => {
    const { server, say } = await renderEmpty();
    server.answers.set("GET /api/inputs", list([JUNK], { summary: { ...NOTHING, quarantined: 1 } }));
    await say((log) => log.startRun());
    await say((log) => log.add("translator", "success", "", {}));
    const panel = within(screen.getByTestId("export-panel"));
    expect(await panel.findByText("quarantined")).toBeTruthy();
    expect(panel.getByText(JUNK.message)).toBeTruthy();
  });

  it("shows the server's words where it cannot answer", async () => {
    const server = await new TestServer().listen();
    await renderLive(<ExportPanel />, server);
    expect((await screen.findByRole("alert")).textContent).toBe("Not found: no such path: /api/inputs");
  });
});
