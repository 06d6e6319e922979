/** E24: each text of the panel, moved by one real event. */
import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Run, RunState } from "../../api/types";
import { INITIAL_STATUS } from "../../live/reducer";
import { aRun } from "../../testing/events";
import { renderLive } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { MetricsPanel } from "./metrics-panel";
import { nextRunText } from "./wording";

/** A run whose Translator took so long, and which did not come to its Analyzer. */
function aRunOf(seconds: number): Run {
  const run = aRun("failed", { run_id: `run-${seconds}` });
  const [translator, ...others] = run.stages;
  if (!translator) throw new Error("a run has stages");
  const started_at = "2025-12-05T12:15:00Z";
  const ended_at = new Date(Date.parse(started_at) + seconds * 1000).toISOString();
  return { ...run, stages: [{ ...translator, state: "success", started_at, ended_at }, ...others] };
}

const stage = (name: string) => screen.getByTestId(`stage-${name}`);

describe("MetricsPanel", () => {
  it("shows a stage from start to end", async () => {
    const { say } = await renderLive(<MetricsPanel controls={null} />);
    await say((log) => log.startRun());
    expect(screen.getByTestId("state").textContent).toBe("running");
    expect(stage("translator").textContent).toContain("Translator: Waiting");

    await say((log) => log.add("translator", "start", "", { attempt: 1 }));
    expect(stage("translator").dataset.state).toBe("running");

    await say((log) => log.add("translator", "progress", "", { done: 3, total: 5 }));
    expect(stage("translator").textContent).toContain("Translator: 3 of 5 (60%)");

    await say((log) =>
      log.add("translator", "success", "", { files_processed: 5, records: 338, rows: 336, quarantined: 2 }),
    );
    expect(stage("translator").textContent).toContain("Translator: ✓ Complete (5 files)");
    expect(stage("translator").textContent).toContain("336 rows · 2 quarantined");
    expect(screen.getByText("338 records")).toBeTruthy();

    await say((log) =>
      log.add("merger", "success", "", { inserted: 330, updated: 1, unchanged: 5, held_back: 0 }),
    );
    expect(stage("merger").textContent).toContain("Merger: ✓ Complete (336 rows)");
  });

  it("says how long a stage takes by the runs before it, of three or more", async () => {
    const server = await new TestServer().listen();
    const tookS = [4, 60, 6, 5];
    const items = tookS.map((seconds) => aRunOf(seconds));
    server.answers.set("GET /api/runs", { status: 200, body: { items, next: null, total: items.length } });
    const { say } = await renderLive(<MetricsPanel controls={null} />, server);
    await say((log) => log.startRun());
    await say((log) => log.add("translator", "start", "", { attempt: 1 }));
    await waitFor(() => expect(stage("translator").textContent).toContain(" of about 5.5 s"));
    await say((log) => log.add("analyzer", "start", "", { attempt: 1 }));
    expect(stage("analyzer").textContent).not.toContain("about");
  });

  it("A2: says that some files could not be read", async () => {
    const { say } = await renderLive(<MetricsPanel controls={null} />);
    await say((log) => log.startRun());
    await say((log) => log.add("translator", "success", "", { files_processed: 4, failed_files: 1 }));
    expect(stage("translator").textContent).toContain("✓ Complete (4 files, 1 could not be read)");
  });

  it("leads with what failed, why, and what to do", async () => {
    const { say } = await renderLive(<MetricsPanel controls={null} />);
    await say((log) => log.startRun());
    await say((log) => log.add("analyzer", "failed", "no answer for 300 s", { reason: "hung" }));
    await say((log) => log.become("failed"));
    expect(screen.getByText("Analyzer failed: it stopped reporting and was ended")).toBeTruthy();
    expect(screen.getAllByText("no answer for 300 s")).toHaveLength(2);
    expect(screen.getByText(/Resume the run; if it hangs again/)).toBeTruthy();
  });

  it.each<RunState>(["success", "failed", "stopped", "idle"])(
    "S3: nothing turns once it is %s",
    async (state) => {
      const { say } = await renderLive(<MetricsPanel controls={null} />);
      await say((log) => log.startRun());
      expect(document.querySelector(".animate-turn")).not.toBeNull();
      await say((log) => log.become(state));
      expect(screen.getByTestId("state").textContent).toBe(state);
      expect(document.querySelector(".animate-turn")).toBeNull();
    },
  );
});

describe("the next run", () => {
  const at = new Date(2025, 11, 5, 12, 30);
  const schedule = { ...INITIAL_STATUS.schedule, next_run_at: at.toISOString() };
  const minutesBefore = (minutes: number) => at.getTime() - minutes * 60_000;

  it("counts down", () => {
    expect(nextRunText({ schedule, state: "idle" }, minutesBefore(13)).text).toBe(
      "Next run: 12:30 (13 minutes)",
    );
    expect(nextRunText({ schedule, state: "idle" }, minutesBefore(0.5)).text).toBe(
      "Next run: 12:30 (30 seconds)",
    );
  });

  it("says that it is paused", () => {
    expect(
      nextRunText({ schedule: { ...schedule, paused: true }, state: "idle" }, minutesBefore(5)).text,
    ).toBe("Next run: Paused");
  });

  it("says that files start it, or nothing", () => {
    const without = { ...schedule, next_run_at: null };
    const byFiles = { ...without, configured: { trigger: "arrival" } };
    expect(nextRunText({ schedule: without, state: "idle" }, minutesBefore(5)).text).toBe(
      "Next run: none planned",
    );
    expect(nextRunText({ schedule: byFiles, state: "idle" }, minutesBefore(5)).text).toBe(
      "Next run: when files arrive",
    );
  });

  it("says that it is overdue, unless a run is in progress", () => {
    expect(nextRunText({ schedule, state: "idle" }, minutesBefore(-1))).toEqual({
      text: "Next run: 12:30 (overdue by 1 minute)",
      isOverdue: true,
    });
    expect(nextRunText({ schedule, state: "running" }, minutesBefore(-1)).isOverdue).toBe(false);
  });
});
