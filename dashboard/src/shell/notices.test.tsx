/** The page says what keeps the server from its work, and no more once it can. */
import { screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderPage } from "../testing/render";
import { TestServer } from "../testing/server";

it("tells what is degraded as the server says it, until it is not", async () => {
  const server = await new TestServer().listen();
  server.log.become("idle");
  const disk = "12 MB of the disk are free, and 100 MB are asked for";
  server.answers.set("GET /readyz", {
    status: 503,
    body: { status: "degraded", checks: { engine: "ok", disk } },
  });
  const { say } = await renderPage("/", server);
  expect((await screen.findByTestId("degraded")).textContent).toBe(`Disk: ${disk}`);
  server.answers.set("GET /readyz", {
    status: 200,
    body: { status: "ok", checks: { engine: "ok", disk: "ok" } },
  });
  await say((log) => log.add("watchdog", "log", "Enough of the disk is free again"));
  await waitFor(() => expect(screen.queryByTestId("degraded")).toBeNull());
});
