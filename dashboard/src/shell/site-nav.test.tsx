/** Which page the navigation says that somebody is on: also below it, and where the address does not begin as its own. */
import { screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderPage } from "../testing/render";

it.each([
  ["/", "Now"],
  ["/?kiosk=0", "Now"],
  ["/runs/20251205T121500Z-abcdef", "Runs"],
  ["/data", "Data"],
  ["/data/flights?part=plot", "Data"],
  ["/data/inputs/74d34720c5fa", "Data"],
  ["/quarantine?dataset=odd", "Data"],
  ["/analyses", "Data"],
  ["/analyses/carriers", "Data"],
  ["/events", "Events"],
  ["/settings", "Settings"],
])("at %s it is %s", async (address, label) => {
  await renderPage(address);
  const links = within(await screen.findByRole("navigation", { name: "Pages" })).getAllByRole("link");
  const current = links.filter((link) => link.getAttribute("aria-current") === "page");
  expect(current.map(({ textContent }) => textContent)).toEqual([label]);
});
