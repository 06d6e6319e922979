/** The line says when the page is not live, and what came meanwhile. */
import { act, screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderLive } from "../testing/render";
import { ConnectionLine } from "./connection-line";
import { PageState } from "./page-state";

it("goes from live to away and back", async () => {
  const { server, say } = await renderLive(
    <>
      <PageState />
      <ConnectionLine />
    </>,
  );
  await say((log) => log.startRun());
  expect(screen.getByTestId("connection").textContent).toBe("Live");
  expect(document.title).toBe("▶ 0% · quarterhour");
  expect(screen.getByRole("status").textContent).toContain("Pipeline: Running.");

  server.log.add("translator", "start", "", { attempt: 1 });
  // Away until told: on a slow machine half a second is too short a time to be seen in.
  server.refusesSocketsWith = 503;
  act(() => server.dropAll());
  await waitFor(() =>
    expect(screen.getByTestId("connection").textContent).toMatch(/Not live\. Reconnecting in \d+ s/),
  );
  expect(document.title).toBe("○ not live · quarterhour");
  server.refusesSocketsWith = null;
  await waitFor(() =>
    expect(screen.getByTestId("connection").textContent).toBe("Live1 event came meanwhile"),
  );
});
