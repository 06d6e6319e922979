/** What the server did not answer is asked again at a press, in all parts that were not answered. */
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { AnalysesPanel } from "../features/analyses/analyses-panel";
import { AlertsPanel } from "../features/settings/alerts-panel";
import { renderLive } from "../testing/render";
import { TestServer } from "../testing/server";

it("is asked again in each part that was not answered", async () => {
  const server = await new TestServer().listen();
  const problem = { status: 503, body: { title: "Service Unavailable", detail: "no memory is left" } };
  const nothing = { status: 200, body: { items: [], next: null, total: 0 } };
  server.answers.set("GET /api/alerts", problem);
  server.answers.set("GET /api/analyses", problem);
  await renderLive(
    <>
      <AlertsPanel />
      <AnalysesPanel />
    </>,
    server,
  );
  await waitFor(() => expect(screen.getAllByText("no memory is left", { exact: false })).toHaveLength(2));

  server.answers.set("GET /api/alerts", nothing);
  server.answers.set("GET /api/analyses", nothing);
  const [button] = screen.getAllByRole("button", { name: "Ask again" });
  await userEvent.click(button as HTMLElement);

  expect(await screen.findByText(/Nobody is told/)).toBeDefined();
  expect(await screen.findByText(/None is declared/)).toBeDefined();
  expect(screen.queryByRole("button", { name: "Ask again" })).toBeNull();
});
