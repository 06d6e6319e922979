/** The form of the schedule against a real server: what is typed, saved, refused, and changed by others meanwhile. */
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Schedule } from "../../api/types";
import { renderLive } from "../../testing/render";
import { TestServer } from "../../testing/server";
import { SchedulePanel } from "./schedule-panel";

const MARK = {
  mark: "2026-03-29T01:00:00.000Z",
  starts_at: "2026-03-29T01:00:00.000Z",
  local: "2026-03-29T03:00:00+02:00",
  clock_change: "moved",
};

async function renderSchedule(role = "operator") {
  const server = await new TestServer().listen();
  server.log.become("idle");
  server.answers.set("GET /api/session", {
    status: 200,
    body: { name: "ada", role, asks_for_tokens: true, is_login: true },
  });
  server.answers.set("GET /api/schedule/preview", { status: 200, body: { marks: [MARK] } });
  const rendered = await renderLive(<SchedulePanel />, server);
  const change = (schedule: Partial<Schedule>) =>
    rendered.say((log) =>
      log.add("scheduler", "state", "The schedule is now another", {
        status: { ...log.status, schedule: { ...log.status.schedule, ...schedule } },
      }),
    );
  return { ...rendered, change };
}

const field = (name: string) => screen.getByRole<HTMLInputElement>("textbox", { name });
const button = (name: string) => screen.getByRole("button", { name });

async function typeCron(text: string) {
  await waitFor(() => expect(field("Cron text").readOnly).toBe(false));
  await userEvent.clear(field("Cron text"));
  await userEvent.type(field("Cron text"), text);
}

describe("SchedulePanel", () => {
  it("previews what is typed, once typing pauses, with what the clock's change does", async () => {
    const { server } = await renderSchedule();
    await typeCron("0");
    // Two keys without a pause between them: the first is not asked about.
    fireEvent.change(field("Cron text"), { target: { value: "0 3" } });
    fireEvent.change(field("Cron text"), { target: { value: "0 3 * * *" } });
    const asked = "GET /api/schedule/preview?cron=0%203%20*%20*%20*&timezone=UTC&jitter=0";
    await waitFor(() => expect(server.calls).toContain(asked));
    expect(server.calls.some((call) => call.includes("cron=0%203&"))).toBe(false);
    expect(screen.getByText("Next marks, if it is saved")).toBeTruthy();
    expect(screen.getByText(/left out that day/)).toBeTruthy();
    expect(screen.getByText("+02:00")).toBeTruthy();
  });

  it("saves by Enter, says so, and is clean once the event has come", async () => {
    const { server, change } = await renderSchedule();
    const saved = { ...server.log.status.schedule, cron: "0 3 * * *", trigger: "clock", next_marks: [] };
    server.answers.set("PUT /api/schedule", { status: 200, body: saved });
    await typeCron("0 3 * * *{Enter}");
    await waitFor(() => expect(screen.getByRole("status").textContent).toContain("0 3 * * * in UTC"));
    expect(button("Save").title).toBe("Nothing is changed");
    await change({ cron: "0 3 * * *" });
    expect(screen.queryByRole("alert")).toBeNull();
    expect(field("Cron text").value).toBe("0 3 * * *");
  });

  it("puts what the server cannot use beside its field, and does not save it", async () => {
    const { server } = await renderSchedule();
    server.answers.set("GET /api/schedule/preview", {
      status: 422,
      body: { title: "Unprocessable", status: 422, detail: "the minute is '61'", field: "cron" },
    });
    await typeCron("61 * * * *");
    await waitFor(() => expect(screen.getByText("the minute is '61'")).toBeTruthy());
    expect(field("Cron text").getAttribute("aria-invalid")).toBe("true");
    expect(button("Save").title).toBe("The server cannot use it");
    await userEvent.type(field("Cron text"), "{Enter}");
    expect(server.calls.some((call) => call.startsWith("PUT"))).toBe(false);
    await userEvent.click(button("Revert"));
    expect(field("Cron text").value).toBe("*/15 * * * *");
  });

  it("says when somebody else has changed it meanwhile, and leaves the choice", async () => {
    const { change } = await renderSchedule();
    await typeCron("0 3 * * *");
    await change({ cron: "0 4 * * *" });
    expect(screen.getByRole("alert").textContent).toContain("0 4 * * * in UTC");
    await userEvent.click(button("Keep mine"));
    expect(screen.queryByRole("alert")).toBeNull();
    expect(field("Cron text").value).toBe("0 3 * * *");
    await change({ cron: "0 5 * * *" });
    await userEvent.click(button("Take theirs"));
    expect(field("Cron text").value).toBe("0 5 * * *");
    // Of what nobody edits, a change is just shown.
    await change({ cron: "0 6 * * *" });
    expect(screen.queryByRole("alert")).toBeNull();
    expect(field("Cron text").value).toBe("0 6 * * *");
  });

  it("keeps what is typed while the server is away, and says why it cannot be saved", async () => {
    const { server, backend } = await renderSchedule();
    await typeCron("0 3 * * *");
    const connection = { phase: "waiting", retryAtMs: Date.now() + 60_000 } as const;
    act(() => backend.live.setState({ connection }));
    expect(button("Save").title).toBe("The page is not live");
    await userEvent.type(field("Cron text"), "{Enter}");
    expect(server.calls.some((call) => call.startsWith("PUT"))).toBe(false);
    act(() => backend.live.setState({ connection: { phase: "live" } }));
    expect(field("Cron text").value).toBe("0 3 * * *");
    expect(button("Save").title).toBe("");
  });

  it("shows a viewer all, and lets them change nothing", async () => {
    await renderSchedule("viewer");
    await waitFor(() => expect(screen.getByText("ada is a viewer: changes take an operator.")).toBeTruthy());
    expect(field("Cron text").readOnly).toBe(true);
    expect(screen.getByRole<HTMLInputElement>("switch", { name: /Schedule/ }).disabled).toBe(true);
    expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
  });
});
