/** E24: rows as the server sorts, filters and pages them; its words where it refuses. */
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { RowPage } from "../../api/types";
import { renderLive } from "../../testing/render";
import { TestServer } from "../../testing/server";
import type { DatasetSearch } from "./dataset-search";
import { RowsPart } from "./rows-part";

const PAGE: RowPage = {
  columns: [
    { name: "ticker", type: "VARCHAR" },
    { name: "price", type: "DOUBLE" },
  ],
  items: [
    ["AA", 1.5],
    [null, 2],
  ],
  next: 102,
  total: 300,
  version: 4,
};

async function renderRows(search: DatasetSearch, answer: { status: number; body: unknown }) {
  const server = await new TestServer().listen();
  server.answers.set("GET /api/datasets/bars/rows", answer);
  const onChange = vi.fn();
  await renderLive(<RowsPart name="bars" search={search} onChange={onChange} />, server);
  return { server, onChange };
}

describe("RowsPart", () => {
  it("asks for what the address says, and tells where in the table it is", async () => {
    const search: DatasetSearch = { sort: "price", descending: true, where: "price > 1", offset: 100 };
    const { server, onChange } = await renderRows(search, { status: 200, body: PAGE });
    expect(await screen.findByText("101 to 102 of 300")).toBeTruthy();
    const asked = new URL(
      server.calls.find((call) => call.includes("/rows"))?.slice("GET ".length) ?? "",
      server.origin,
    );
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      limit: "100",
      sort: "price",
      descending: "true",
      where: "price > 1",
      offset: "100",
    });
    expect(screen.getByRole("columnheader", { name: "price" }).getAttribute("aria-sort")).toBe("descending");
    expect(screen.getByText("null")).toBeTruthy();
    const user = userEvent.setup();
    await user.click(screen.getByRole("button", { name: "After" }));
    expect(onChange).toHaveBeenLastCalledWith({ ...search, offset: 200 });
    await user.clear(screen.getByRole("textbox", { name: "where" }));
    await user.click(screen.getByRole("button", { name: "Filter" }));
    expect(onChange).toHaveBeenLastCalledWith({ sort: "price", descending: true });
  });

  it("shows why a filter is none, and lets it be mended", async () => {
    const body = { title: "Unprocessable Content", status: 422, detail: "where: there is no column prise" };
    await renderRows({ where: "prise > 1" }, { status: 422, body });
    expect((await screen.findByRole("alert")).textContent).toContain("there is no column prise");
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: "where" }).value).toBe("prise > 1");
  });
});
