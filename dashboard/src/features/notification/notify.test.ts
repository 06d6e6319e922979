/** A failed run is told of once, and only where somebody wants it. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { hasFailed, isWanted, tell, want } from "./notify";

const shown: string[] = [];
let answer: NotificationPermission = "granted";

class TestNotification {
  static permission: NotificationPermission = "default";
  static async requestPermission() {
    TestNotification.permission = answer;
    return answer;
  }
  onclick = null;
  constructor(title: string, { body }: NotificationOptions) {
    shown.push(`${title}: ${body}`);
  }
  close() {}
}

beforeEach(() => {
  vi.stubGlobal("Notification", TestNotification);
  localStorage.clear();
  shown.length = 0;
  answer = "granted";
  TestNotification.permission = "default";
  return () => vi.unstubAllGlobals();
});

describe("a failed run", () => {
  const run = { run_id: "20251205T121500Z-7f3a9c", message: "translator: it broke" };

  it("is told of once, whichever tab is first", async () => {
    expect(await want(true)).toBe(true);
    await Promise.all([tell(run), tell(run)]);
    expect(shown).toEqual(["quarterhour: a run failed: translator: it broke"]);
    await tell({ ...run, run_id: "20251205T123000Z-000001" });
    expect(shown).toHaveLength(2);
  });

  it("is not told of unless that is wanted and allowed", async () => {
    await tell(run);
    answer = "denied";
    expect(await want(true)).toBe(false);
    expect(isWanted()).toBe(false);
    await tell(run);
    expect(shown).toEqual([]);
  });

  it("is news only where the page saw another state before", () => {
    expect(hasFailed("failed", "running")).toBe(true);
    expect(hasFailed("failed", "failed")).toBe(false);
    expect(hasFailed("failed", undefined)).toBe(false);
    expect(hasFailed("success", "running")).toBe(false);
  });
});
