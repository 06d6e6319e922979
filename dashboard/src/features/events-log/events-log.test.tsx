/** E24, E19: an event is seen as soon as it is told, and no failure is hidden. */
import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Recorder } from "../../testing/events";
import { renderLive } from "../../testing/render";
import { filtered, severityOf } from "./event-view";
import { EventsLog } from "./events-log";

// The list draws what is in view, and without layout nothing would be.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(28);
  return () => vi.restoreAllMocks();
});

describe("EventsLog", () => {
  it("shows an event, and opens it to its data", async () => {
    const { say } = await renderLive(<EventsLog />);
    await say((log) => log.add("translator", "error", "line 17 cannot be read", { line: 17 }));
    const log = screen.getByTestId("events-log");
    await userEvent.click(await within(log).findByText("line 17 cannot be read"));
    expect(within(log).getByText(/"line": 17/)).toBeTruthy();
  });

  it("narrows to the problems", async () => {
    const { say } = await renderLive(<EventsLog />);
    await say((log) => log.add("translator", "log", "all is well"));
    await say((log) => log.add("merger", "failed", "it broke", { reason: "crashed" }));
    expect(await screen.findByText("all is well")).toBeTruthy();
    await userEvent.click(screen.getByRole("radio", { name: "Problems" }));
    expect(screen.queryByText("all is well")).toBeNull();
    expect(screen.getByText("it broke")).toBeTruthy();
  });
});

describe("the filter", () => {
  const log = new Recorder();
  log.add("translator", "progress", "", { done: 1, total: 2 });
  log.add("translator", "log", "Translated", { file: "flights.csv" });
  log.add("merger", "failed", "broken", { reason: "crashed" });
  log.add("scheduler", "skipped", "a run was going");
  log.add("translator", "levitated", "of no known kind");
  const shown = (filter: Partial<Parameters<typeof filtered>[1]>) =>
    filtered(log.events, { scope: "activity", stage: null, text: "", ...filter }).map(({ seq }) => seq);

  it("E2, E19: hides only what repeats by default", () => expect(shown({})).toEqual([2, 3, 4, 5]));
  it("finds problems", () => expect(shown({ scope: "problems" })).toEqual([3, 4]));
  it("finds a stage", () => expect(shown({ stage: "translator" })).toEqual([2, 5]));
  it("finds text in the data too", () => expect(shown({ text: "FLIGHTS.csv" })).toEqual([2]));
  it("keeps every failure in each scope", () => {
    for (const scope of ["activity", "problems", "all"] as const) expect(shown({ scope })).toContain(3);
  });
  it("takes the level of a line for its severity", () => {
    expect(severityOf(log.add("translator", "log", "", { level: "warning" }))).toBe("warning");
  });
});
