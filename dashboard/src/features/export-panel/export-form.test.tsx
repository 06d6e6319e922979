/** What is chosen is what is asked for and downloaded; what cannot be made is said, and cannot be downloaded. */
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../api/types";
import { renderLive } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { exportAddress, WHOLE } from "./export-choice";
import { ExportForm } from "./export-form";

const FLIGHTS: Dataset = {
  name: "flights",
  rows: 336776,
  size_bytes: 8_123_456,
  version: 3,
  updated_at: "2025-12-05T12:15:09.000Z",
  files: 12,
  columns: [
    { name: "carrier", type: "VARCHAR" },
    { name: "dep_delay", type: "BIGINT" },
  ],
  keys: [],
};
const CHECK = "GET /api/datasets/flights/export/check";
const HOLDS = { version: 3, rows: 336776, columns: ["carrier", "dep_delay"], refusal: null, size: null };

async function renderForm() {
  const server = await new TestServer().listen();
  const version = {
    operation: "merge",
    run_id: null,
    inputs: 1,
    files: [],
    counts: {},
    rows: 1,
    is_kept: true,
  };
  const at = "2025-12-05T12:15:09.000Z";
  const items = [
    { ...version, version: 3, timestamp: at },
    { ...version, version: 2, timestamp: at },
    { ...version, version: 1, timestamp: at, is_kept: false },
  ];
  server.answers.set("GET /api/datasets/flights/history", {
    status: 200,
    body: { items, next: null, total: 3 },
  });
  server.answers.set(CHECK, { status: 200, body: HOLDS });
  await renderLive(<ExportForm dataset={FLIGHTS} />, server);
  return { server, user: userEvent.setup() };
}

// The server is asked once the typing has paused.
const link = () => screen.findByRole("link", { name: "Download" }, { timeout: 5000 });

describe("ExportForm", () => {
  it("tells what the file holds and links to it", async () => {
    await renderForm();
    expect((await link()).getAttribute("href")).toBe("/api/datasets/flights/export?format=csv");
    expect(screen.getByRole("status").textContent).toBe("336,776 rows · 2 columns · version 3");
  });

  it("downloads what is chosen", async () => {
    const { server, user } = await renderForm();
    await screen.findByRole("option", { name: /^2 · / });
    expect(screen.queryByRole("option", { name: /^1 · / })).toBeNull();
    await user.selectOptions(screen.getByLabelText("Format"), "xlsx");
    await user.selectOptions(screen.getByLabelText("Version"), "2");
    await user.click(screen.getByText("All columns"));
    await user.click(screen.getByLabelText("carrier"));
    await user.click(screen.getByLabelText("Only rows where"));
    await user.paste("dep_delay > 60");
    await user.click(screen.getByLabelText("Neutralise formulas in text"));
    const query = "format=xlsx&version=2&columns=dep_delay&where=dep_delay+%3E+60&safe=true";
    expect((await link()).getAttribute("href")).toBe(`/api/datasets/flights/export?${query}`);
    const asked = new URLSearchParams(server.calls.findLast((call) => call.startsWith(CHECK))?.split("?")[1]);
    expect(asked.toString()).toBe(query);
  }, 20_000);

  it("says where the filter is wrong, and gives no link", async () => {
    const { server, user } = await renderForm();
    await link();
    const detail = "where: line 1, column 4: it ends too early";
    server.answers.set(CHECK, { status: 422, body: { title: "Unprocessable Content", status: 422, detail } });
    await user.type(screen.getByLabelText("Only rows where"), "k >");
    expect((await screen.findByRole("alert", {}, { timeout: 5000 })).textContent).toContain(detail);
    expect(screen.queryByRole("link", { name: "Download" })).toBeNull();
  });

  it("says why Excel cannot hold it", async () => {
    const { server, user } = await renderForm();
    const refusal = "an Excel sheet holds 1,048,575 rows below its header";
    server.answers.set(CHECK, { status: 200, body: { ...HOLDS, refusal } });
    await user.selectOptions(screen.getByLabelText("Format"), "xlsx");
    expect((await screen.findByRole("alert", {}, { timeout: 5000 })).textContent).toContain(refusal);
  });

  it("asks for a column before it asks the server", async () => {
    const { user } = await renderForm();
    await user.click(screen.getByText("All columns"));
    await user.click(screen.getByText("Choose none"));
    expect((await screen.findByRole("alert", {}, { timeout: 5000 })).textContent).toContain(
      "choose at least one column",
    );
    await user.click(screen.getByText("Choose all"));
    await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
  });
});

it("a format without formulas is asked for without safe", () => {
  const address = exportAddress("flights", { ...WHOLE, format: "arrow", isSafe: true });
  expect(address).toBe("/api/datasets/flights/export?format=arrow");
});
