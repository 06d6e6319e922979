/** Days and hours follow the zone that the viewer chose. */
import { afterEach, describe, expect, it } from "vitest";
import { appearance, choose } from "./appearance";
import { atMinute, daysLater, fromField, minuteOfDay, startOfDay, toField, viewerZone } from "./calendar";
import { clock, daySeconds, moment, weekday } from "./format";

const AT = "2025-12-05T12:34:56.000Z";
const AT_MS = Date.parse(AT);

afterEach(() => {
  choose({ theme: "system", zone: "local", density: "comfortable" });
  localStorage.clear();
});

describe("the viewer's clock", () => {
  it("is UTC where that is chosen", () => {
    choose({ zone: "utc" });
    expect(viewerZone()).toBe("UTC");
    expect(clock(AT)).toBe("12:34");
    expect(daySeconds(AT)).toContain("12:34:56");
    expect(weekday("2025-12-05T23:59:59Z")).toBe(weekday("2025-12-05T00:00:00Z"));
    expect(new Date(startOfDay(AT_MS)).toISOString()).toBe("2025-12-05T00:00:00.000Z");
    expect(new Date(atMinute(AT_MS, 90)).toISOString()).toBe("2025-12-05T01:30:00.000Z");
    expect(new Date(daysLater(AT_MS, 2)).toISOString()).toBe("2025-12-07T12:34:56.000Z");
    expect(minuteOfDay(AT_MS)).toBe(12 * 60 + 34);
    expect(toField(AT)).toBe("2025-12-05T12:34");
    expect(fromField("2025-12-05T12:34")).toBe("2025-12-05T12:34:00.000Z");
    expect(moment(AT, AT_MS + 11 * 3_600_000)).toBe("12:34");
    expect(moment(AT, AT_MS + 12 * 3_600_000)).not.toBe("12:34");
  });

  it("is the browser's else", () => {
    expect(startOfDay(AT_MS)).toBe(new Date(AT_MS).setHours(0, 0, 0, 0));
    expect(minuteOfDay(AT_MS)).toBe(new Date(AT_MS).getHours() * 60 + new Date(AT_MS).getMinutes());
    expect(fromField(toField(AT))).toBe("2025-12-05T12:34:00.000Z");
    expect(fromField("60000-01-01T00:00")).toBe("");
  });
});

describe("what is chosen", () => {
  it("is kept in one place, and taken over from another tab", () => {
    choose({ theme: "dark" });
    expect(JSON.parse(localStorage.getItem("quarterhour.appearance") ?? "")).toEqual({
      theme: "dark",
      zone: "local",
      density: "comfortable",
    });
    localStorage.setItem("quarterhour.appearance", '{"theme":"light","density":"huge","zone":"utc"}');
    window.dispatchEvent(new StorageEvent("storage"));
    expect(appearance()).toEqual({ theme: "light", zone: "utc", density: "comfortable" });
    localStorage.setItem("quarterhour.appearance", "{");
    window.dispatchEvent(new StorageEvent("storage"));
    expect(appearance().theme).toBe("system");
  });
});
