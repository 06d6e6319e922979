/** A channel of alerts is tried through the server, and what became of it is said. */
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { renderLive } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { AlertsPanel } from "./alerts-panel";

const SWITCH = {
  name: "dead-mans-switch",
  title: "Dead man's switch",
  host: "hc.example",
  tells: "Called every 60 s while all is well.",
  withheld: null,
  last: null,
};

const TEAM = {
  name: "team",
  title: "Slack “team”",
  host: null,
  tells: "Told when one of these goes wrong: pipeline.",
  withheld: null,
  last: null,
};

async function renderAlerts(items: object[], role = "operator") {
  const server = await new TestServer().listen();
  const session = { name: "ada", role, asks_for_tokens: true, is_login: true };
  server.answers.set("GET /api/session", { status: 200, body: session });
  server.answers.set("GET /api/alerts", { status: 200, body: { items, next: null, total: items.length } });
  return renderLive(<AlertsPanel />, server);
}

const test = (title = "Dead man's switch") => screen.findByRole("button", { name: `Test ${title}` });

it("says how to be told where nobody is", async () => {
  await renderAlerts([]);
  const text = await screen.findByText(/Nobody is told when something is wrong/);
  expect(text.textContent).toContain("[[alerts]] sends a message");
});

it("says that a test was delivered, and asks for the channels again once its event has come", async () => {
  const { server, say } = await renderAlerts([SWITCH]);
  const at = "2025-12-05T12:15:00.000Z";
  server.answers.set("POST /api/alerts/dead-mans-switch/test", { status: 200, body: { at, error: null } });
  const button = await test();
  await waitFor(() => expect(button.title).toBe("Sends a real message, now"));
  await userEvent.click(button);
  await waitFor(() => expect(screen.getByRole("status").textContent).toBe("Delivered."));
  const item = { ...SWITCH, last: { at, error: "answered 503" } };
  server.answers.set("GET /api/alerts", { status: 200, body: { items: [item], next: null, total: 1 } });
  await say((log) => log.add("watchdog", "log", "tested", { host: "hc.example" }));
  expect(await screen.findByText(/Not delivered: answered 503/)).toBeTruthy();
});

it("tries the channel whose button it is, names no host where none may be told, and follows its events", async () => {
  const { server, say } = await renderAlerts([SWITCH, TEAM]);
  const at = "2025-12-05T12:15:00.000Z";
  server.answers.set("POST /api/alerts/team/test", { status: 200, body: { at, error: null } });
  const heading = await screen.findByRole("heading", { name: "Slack “team”" });
  expect(screen.getByRole("heading", { name: "Dead man's switch at hc.example" })).toBeTruthy();
  const button = await test("Slack “team”");
  await waitFor(() => expect(button.title).toBe("Sends a real message, now"));
  await userEvent.click(button);
  const line = heading.closest("li") as HTMLElement;
  await waitFor(() => expect(within(line).getByRole("status").textContent).toBe("Delivered."));
  expect(screen.getAllByText("Nothing was sent since the server’s start.")).toHaveLength(2);
  const items = [SWITCH, { ...TEAM, last: { at, error: null } }];
  server.answers.set("GET /api/alerts", { status: 200, body: { items, next: null, total: 2 } });
  await say((log) => log.add("watchdog", "log", "told", { alert: "team", messages: 1, error: null }));
  await waitFor(() => expect(line.textContent).toMatch(/Delivered .*ago|Delivered .*2025/));
});

it("shows why a test was not delivered, and why none can be sent", async () => {
  const { server } = await renderAlerts([SWITCH]);
  server.answers.set("POST /api/alerts/dead-mans-switch/test", {
    status: 502,
    body: { title: "Bad Gateway", status: 502, detail: "hc.example: answered 503" },
  });
  const button = await test();
  await waitFor(() => expect(button.title).toBe("Sends a real message, now"));
  await userEvent.click(button);
  expect((await screen.findByRole("alert")).textContent).toContain("hc.example: answered 503");
});

it("lets a viewer see, and not test", async () => {
  await renderAlerts([SWITCH], "viewer");
  const button = await test();
  await waitFor(() => expect(button.title).toContain("changes take an operator"));
});
