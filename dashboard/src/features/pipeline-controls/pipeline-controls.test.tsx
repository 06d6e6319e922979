/** Each button against a real server: sent once, refused with the reason. */
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { aRun } from "../../testing/events";
import { renderLive } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { PipelineControls } from "./pipeline-controls";

const button = (name: string) => screen.getByRole("button", { name });

async function renderIdle() {
  const server = await new TestServer().listen();
  server.log.become("idle");
  return renderLive(<PipelineControls />, server);
}

describe("PipelineControls", () => {
  it("starts once when it is pressed twice", async () => {
    const { server, say } = await renderIdle();
    server.answers.set("POST /api/pipeline/start", { status: 202, body: aRun("starting") });
    await userEvent.dblClick(button("Start"));
    await waitFor(() => expect(server.calls).toContain("POST /api/pipeline/start"));
    // S14: not available before the live state has the run, and not after it.
    expect(button("Start").getAttribute("aria-disabled")).toBe("true");
    await say((log) => log.startRun());
    expect(button("Start").title).toBe("A run is in progress");
    expect(server.calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
  });

  it("says what Stop does, only while a run is in progress", async () => {
    const { server, say } = await renderIdle();
    expect(button("Stop").title).toBe("No run is in progress");
    await say((log) => log.startRun());
    await say((log) => log.add("analyzer", "start", "", { attempt: 1 }));
    expect(screen.getAllByText(/Stop ends the Analyzer after a short grace/).length).toBeGreaterThan(0);
    server.answers.set("POST /api/pipeline/stop", { status: 202, body: server.log.status });
    await userEvent.click(button("Stop"));
    await waitFor(() => expect(server.calls).toContain("POST /api/pipeline/stop"));
  });

  it("shows the server's own words where it refuses", async () => {
    const { server } = await renderIdle();
    const detail = "Run 20251205T121500Z-7f3a9c is in progress; one runs at a time.";
    server.answers.set("POST /api/pipeline/start", {
      status: 409,
      body: { title: "Run in progress", detail },
    });
    await userEvent.click(button("Start"));
    expect((await screen.findByRole("alert")).textContent).toBe(`Run in progress: ${detail}`);
    expect(button("Start").getAttribute("aria-disabled")).toBeNull();
  });

  it("tells a viewer that changes take an operator", async () => {
    const server = await new TestServer().listen();
    server.log.become("idle");
    const session = { name: "kiosk", role: "viewer", asks_for_tokens: true, is_login: true };
    server.answers.set("GET /api/session", { status: 200, body: session });
    await renderLive(<PipelineControls />, server);
    await waitFor(() => expect(button("Start").title).toBe("kiosk is a viewer: changes take an operator"));
    expect(screen.getByText("kiosk is a viewer: changes take an operator.")).toBeTruthy();
    expect(screen.getByRole("switch").hasAttribute("disabled")).toBe(true);
    await userEvent.click(button("Start"));
    expect(server.calls.filter((call) => call.startsWith("POST"))).toEqual([]);
  });

  it("resets an ended run", async () => {
    const { server, say } = await renderIdle();
    expect(button("Reset").title).toBe("Nothing to reset");
    await say((log) => log.startRun());
    expect(button("Reset").title).toBe("Stop the run first");
    await say((log) => log.become("success"));
    server.answers.set("POST /api/pipeline/reset", { status: 200, body: server.log.status });
    await userEvent.click(button("Reset"));
    await waitFor(() => expect(server.calls).toContain("POST /api/pipeline/reset"));
  });

  it("S10: runs one stage", async () => {
    const { server } = await renderIdle();
    server.answers.set("POST /api/pipeline/stage/merger", { status: 202, body: aRun("starting") });
    await userEvent.click(button("Run one stage"));
    // Opened by the browser itself, which the test of the real page shows.
    await userEvent.click(screen.getByRole("button", { name: "Merger", hidden: true }));
    await waitFor(() => expect(server.calls).toContain("POST /api/pipeline/stage/merger"));
  });

  it("pauses the schedule", async () => {
    const { server, say } = await renderIdle();
    const paused = { ...server.log.status.schedule, paused: true };
    server.answers.set("POST /api/schedule/pause", { status: 200, body: paused });
    await userEvent.click(screen.getByRole("switch", { name: /Schedule/ }));
    await waitFor(() => expect(server.calls).toContain("POST /api/schedule/pause"));
    await say((log) => log.become("idle", { schedule: paused }));
    expect(screen.getByText("paused")).toBeTruthy();
  });
});
