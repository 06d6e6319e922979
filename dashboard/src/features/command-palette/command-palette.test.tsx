/** The palette on the page: by keys alone to a page, to an event, to a command, with the server's answers. */
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { aRun } from "../../testing/events";
import { renderPage } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { fitting, isRunId, seqIn } from "./entries";

beforeEach(() => {
  // What jsdom has not.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
    this.querySelector("input")?.focus();
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
  };
});

async function opened() {
  const server = await new TestServer().listen();
  server.log.become("idle");
  const page = await renderPage("/", server);
  await userEvent.keyboard("{Control>}k{/Control}");
  await screen.findByRole("combobox", { name: /Find a page/ });
  return { ...page, server };
}

describe("the palette", () => {
  it("goes to a page by its name", async () => {
    const { addressNow } = await opened();
    await userEvent.keyboard("even");
    expect(
      within(screen.getByRole("listbox", { name: "Found" })).getByRole("option", { selected: true })
        .textContent,
    ).toContain("Events");
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(addressNow()).toBe("/events"));
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("goes to the page for review, which no navigation shows", async () => {
    const { addressNow } = await opened();
    await userEvent.keyboard("all states{Enter}");
    await waitFor(() => expect(addressNow()).toBe("/states"));
    expect(
      (await screen.findAllByRole("heading", { name: "Metrics and controls" }, { timeout: 30_000 })).length,
    ).toBe(1);
  });

  it("goes to an event by its number", async () => {
    const { addressNow } = await opened();
    await userEvent.keyboard("#1,042{Enter}");
    await waitFor(() => expect(addressNow()).toBe("/events?seq=1042"));
  });

  it("gives a command, and shows why it was refused", async () => {
    const { server } = await opened();
    const detail = "The disk is full.";
    server.answers.set("POST /api/pipeline/start", { status: 409, body: { title: "Not now", detail } });
    await userEvent.keyboard("start{Enter}");
    expect((await screen.findByText(detail, { exact: false })).textContent).toContain("Not now");
    server.answers.set("POST /api/pipeline/start", { status: 202, body: aRun("starting") });
    await userEvent.keyboard("{Enter}");
    await waitFor(() =>
      expect(server.calls.filter((call) => call === "POST /api/pipeline/start")).toHaveLength(2),
    );
  });

  it("finds what holds every word, where one begins it first", () => {
    const entry = (label: string, hint = "") => ({ id: label, label, hint, pick: () => {} });
    const entries = [
      entry("Pause the schedule", "Command"),
      entry("schedule", "Dataset"),
      entry("Runs", "Page"),
    ];
    expect(fitting(entries, "sched").map(({ label }) => label)).toEqual(["schedule", "Pause the schedule"]);
    expect(fitting(entries, "command sched").map(({ label }) => label)).toEqual(["Pause the schedule"]);
    expect(fitting(entries, "x")).toEqual([]);
  });

  it("knows an event's number and a run's id", () => {
    expect([seqIn("12"), seqIn("# 1,042"), seqIn("12a"), seqIn("0"), seqIn("")]).toEqual([
      12,
      1042,
      null,
      null,
      null,
    ]);
    expect([isRunId("20251205T121500Z-7f3a9c"), isRunId("20251205")]).toEqual([true, false]);
  });
});
