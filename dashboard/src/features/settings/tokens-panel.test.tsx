/** Tokens against a real server: made and shown once, revoked after a question, and what others see instead. */
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { renderLive } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { TokensPanel } from "./tokens-panel";

const AT = "2025-12-05T12:15:00.000Z";
const KIOSK = {
  id: "1f0c3a9b",
  name: "kiosk",
  role: "viewer",
  created_at: AT,
  last_used_at: null,
  is_own: false,
};
const ADA = { ...KIOSK, id: "2f0c3a9b", name: "ada", role: "operator", is_own: true };

async function renderTokens(session: object = {}) {
  const server = await new TestServer().listen();
  const known = { name: "ada", role: "operator", asks_for_tokens: true, is_login: true, ...session };
  server.answers.set("GET /api/session", { status: 200, body: known });
  const list = (...items: object[]) =>
    server.answers.set("GET /api/tokens", { status: 200, body: { items, next: null, total: items.length } });
  list(ADA, KIOSK);
  return { list, ...(await renderLive(<TokensPanel />, server)) };
}

it("makes a token, shows its text, and forgets it", async () => {
  const { server, list, say } = await renderTokens();
  const made = { ...KIOSK, id: "3f0c3a9b", name: "wall", token: "qh_secret" };
  server.answers.set("POST /api/tokens", { status: 201, body: made });
  await userEvent.type(await screen.findByLabelText("New token for"), "wall{Enter}");
  const shown = await screen.findByRole("region", { name: "Token of wall" });
  expect(within(shown).getByLabelText<HTMLInputElement>("Token").value).toBe("qh_secret");
  // As on a page that came by plain http: the browser has no clipboard for it.
  Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
  await userEvent.click(within(shown).getByRole("button", { name: "Copy" }));
  expect(await within(shown).findByText(/select the text and copy it/)).toBeTruthy();
  list(ADA, KIOSK, { ...KIOSK, id: made.id, name: made.name });
  await say((log) => log.add("pipeline", "log", "made", { token: "wall" }));
  expect(await screen.findByRole("rowheader", { name: "wall" })).toBeTruthy();
  await userEvent.click(within(shown).getByRole("button", { name: "I have kept it" }));
  expect(screen.queryByRole("region", { name: "Token of wall" })).toBeNull();
  expect(document.body.innerHTML).not.toContain("qh_secret");
});

it("revokes after a question that says what is lost", async () => {
  const { server, list, say } = await renderTokens();
  await userEvent.click(await screen.findByRole("button", { name: "Revoke… ada" }));
  expect(screen.getByRole("status").textContent).toContain("you will be logged out");
  expect(screen.getByRole("status").textContent).toContain("No other operator is left");
  await userEvent.click(screen.getByRole("button", { name: "Leave it" }));
  await userEvent.click(screen.getByRole("button", { name: "Revoke… kiosk" }));
  expect(screen.getByRole("status").textContent).not.toContain("logged out");
  expect(server.calls.some((call) => call.startsWith("DELETE"))).toBe(false);
  server.answers.set("DELETE /api/tokens/1f0c3a9b", { status: 200, body: KIOSK });
  await userEvent.click(screen.getByRole("button", { name: "Revoke kiosk" }));
  await waitFor(() => expect(server.calls).toContain("DELETE /api/tokens/1f0c3a9b"));
  list(ADA);
  await say((log) => log.add("pipeline", "log", "revoked", { token: "kiosk" }));
  await waitFor(() => expect(screen.queryByRole("rowheader", { name: "kiosk" })).toBeNull());
});

it("says what the server refuses", async () => {
  const { server } = await renderTokens();
  const detail = "a token is named 'ada' already";
  server.answers.set("POST /api/tokens", { status: 409, body: { title: "Conflict", status: 409, detail } });
  await userEvent.type(await screen.findByLabelText("New token for"), "ada{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
});

it("says so where no token is asked for, and asks for none", async () => {
  const { server } = await renderTokens({ name: null, asks_for_tokens: false, is_login: false });
  expect(await screen.findByText(/This server asks for no token/)).toBeTruthy();
  expect(server.calls).not.toContain("GET /api/tokens");
});

it("shows a viewer no token", async () => {
  const { server } = await renderTokens({ role: "viewer" });
  expect(await screen.findByText(/Tokens are an operator’s/)).toBeTruthy();
  expect(server.calls).not.toContain("GET /api/tokens");
});
