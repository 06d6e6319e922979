/** The small charts: what they say in words, and that an event brings them up to date. */
import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Run } from "../../api/types";
import { aRun } from "../../testing/events";
import { renderLive } from "../../testing/render";
import { TestServer } from "../../testing/server";
import RunCharts from "./run-charts";
import { endedInOrder, inWords, latenessMs, seriesOf, share, stackedStages } from "./series";

const at = (seconds: number): string => new Date(Date.UTC(2025, 11, 5, 12, 15, seconds)).toISOString();

function ended(number: number, state: Run["state"] = "success"): Run {
  const base = aRun(state, { run_id: `run-${number}`, ended_at: at(number * 10) });
  const stages = base.stages
    .slice(0, 2)
    .map((stage, index) => ({ ...stage, started_at: at(index * 5), ended_at: at(5 + index * 5) }));
  return {
    ...base,
    stages,
    counts: { ...base.counts, records: 100, rows: 100 - number, quarantined: number },
  };
}

const answer = (server: TestServer, items: Run[]) =>
  server.answers.set("GET /api/runs", { status: 200, body: { items, next: null, total: items.length } });

describe("the small charts", () => {
  it("say what they show, and follow the events without polling", async () => {
    const server = await new TestServer().listen();
    answer(server, [ended(2, "failed"), ended(1)]);
    const { say } = await renderLive(<RunCharts />, server);
    expect(await screen.findByRole("img", { name: "1 of the last 2 runs succeeded" })).toBeTruthy();
    expect(
      screen.getByRole("img", {
        name: "Duration of the last 2 runs: from 10 s to 20 s, median 10 s, the last 20 s",
      }),
    ).toBeTruthy();
    answer(server, [ended(3), ended(2, "failed"), ended(1)]);
    await say((log) => log.startRun());
    expect(await screen.findByRole("img", { name: "2 of the last 3 runs succeeded" })).toBeTruthy();
    await waitFor(() => expect(screen.getAllByRole("img")).toHaveLength(5));
  });
});

describe("the series", () => {
  it("leave out a run that goes on, and say so where there is no figure", () => {
    const runs = endedInOrder([aRun("running"), ended(2), ended(1)]);
    expect(runs.map(({ run_id }) => run_id)).toEqual(["run-1", "run-2"]);
    expect(inWords({ title: "Lateness", values: [null, null], text: String })).toBe(
      "Lateness of the last 2 runs: no figures",
    );
    expect(seriesOf(runs).map(({ title }) => title)).toEqual(["Duration", "Rows", "Quarantined", "Lateness"]);
  });

  it("count lateness from the moment that the jitter drew, for runs of the schedule alone", () => {
    expect(latenessMs(aRun("success", { mark: at(0), due_at: at(7), started_at: at(9) }))).toBe(2000);
    expect(latenessMs(aRun("success", { mark: at(0), started_at: at(1) }))).toBe(1000);
    expect(latenessMs(aRun("success", { trigger: "backfill", mark: at(0) }))).toBeNull();
  });

  it("stack a run's stages up to the longest run", () => {
    expect(stackedStages([ended(1)])).toEqual([
      [
        { name: "translator", from: 0, length: 0.5 },
        { name: "analyzer", from: 0.5, length: 0.5 },
      ],
    ]);
  });

  it("do not hide one row of a million", () => {
    expect([share(0), share(1e-6), share(0.0123)]).toEqual(["0%", "<0.1%", "1.2%"]);
  });
});
