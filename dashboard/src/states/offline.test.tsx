/** Offline: what was shown stays, and what would change something says why it cannot. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRouter, RouterContextProvider } from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { BackendProvider } from "../backend";
import { routeTree } from "../routes";
import { PANELS } from "./panels";

it.each([
  ["Put aside", /^Mend/, "bars_2025-12-05.csv"],
  ["Versions", /^Restore 3/, "newest first"],
  ["Files", /^Retract/, "bars_2025-12-03.csv"],
  ["Files", /^Release/, "bars_2025-12-06.csv"],
  ["Alerts", /^Test/, "Dead man's switch"],
])("%s: %s says that the page is not live", async (title, button, shown) => {
  const found = PANELS.find((each) => each.title === title);
  const offline = found?.states.offline;
  if (typeof offline !== "function") throw new Error(`${title} has no state offline`);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <BackendProvider backend={offline()}>
        <RouterContextProvider router={createRouter({ routeTree, history: createMemoryHistory() })}>
          {found?.panel}
        </RouterContextProvider>
      </BackendProvider>
    </QueryClientProvider>,
  );
  expect((await screen.findAllByText(shown)).length).toBeGreaterThan(0);
  const [pressed] = await screen.findAllByRole("button", { name: button });
  expect(pressed?.getAttribute("aria-disabled")).toBe("true");
  expect(pressed?.title).toBe("The page is not live");
});
