/** A newcomer's page: where files go, some to begin with, and what comes next. */
import { fireEvent, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { InputSummary } from "../../api/types";
import { renderLive } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { FirstSteps } from "./first-steps";

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

const inputs = (total: number, change: Partial<InputSummary> = {}) => ({
  status: 200,
  body: { items: [], next: null, total, summary: { ...NOTHING, ...change } },
});

async function renderEmpty(role: "operator" | "viewer" = "operator") {
  const server = await new TestServer().listen();
  server.answers.set("GET /api/inputs", inputs(0));
  const session = { name: "kiosk", role, asks_for_tokens: true, is_login: true };
  server.answers.set("GET /api/session", { status: 200, body: session });
  return renderLive(<FirstSteps />, server);
}

const theButton = () => screen.findByRole("button", { name: "Load the demo data" });

it("says where files are dropped, loads some, and leads on to Start", async () => {
  const { server } = await renderEmpty();
  expect(await screen.findByText("/srv/quarterhour/data/raw")).toBeTruthy();
  server.answers.set("POST /api/demo", { status: 201, body: { files: ["a.csv", "b.csv", "c.csv"] } });
  const button = await theButton();
  await expect.poll(() => button.getAttribute("aria-disabled")).toBeNull();
  server.answers.set("GET /api/inputs", inputs(3, { waiting: 3 }));
  fireEvent.click(button);
  expect((await screen.findByRole("status")).textContent).toContain("3 files waiting. Press Start");
  expect(server.calls).toContain("POST /api/demo");
});

it("says why it was refused", async () => {
  const { server } = await renderEmpty();
  const detail = "The demo's data packages are not installed";
  server.answers.set("POST /api/demo", {
    status: 501,
    body: { title: "Not Implemented", status: 501, detail },
  });
  const button = await theButton();
  await expect.poll(() => button.getAttribute("aria-disabled")).toBeNull();
  fireEvent.click(button);
  expect((await screen.findByRole("alert")).textContent).toBe(`Not Implemented: ${detail}`);
});

it("a viewer is told that it takes an operator", async () => {
  await renderEmpty("viewer");
  const button = await theButton();
  await expect.poll(() => button.title).toBe("kiosk is a viewer: changes take an operator");
  expect(button.getAttribute("aria-disabled")).toBe("true");
});

it("shows the server's words where it cannot answer", async () => {
  await renderLive(<FirstSteps />, await new TestServer().listen());
  expect((await screen.findByRole("alert")).textContent).toContain("no such path: /api/inputs");
});
