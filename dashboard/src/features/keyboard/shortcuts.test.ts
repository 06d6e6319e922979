/** What keys mean, alone and one after the other, and that single ones can be switched off. */
import { describe, expect, it } from "vitest";
import { PAGES } from "../../shell/site-nav";
import { keyOf, meaningOf, SHORTCUTS } from "./shortcuts";

const actionOf = (...pressed: string[]) => meaningOf(pressed, true).shortcut?.action;

describe("the shortcuts", () => {
  it("have keys of their own", () => {
    const keys = SHORTCUTS.map((shortcut) => shortcut.keys.join(" "));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("lead to each page by two keys", () => {
    for (const { to, label } of PAGES)
      expect(actionOf("g", label.charAt(0).toLowerCase())).toEqual({ name: "go", to });
    expect(meaningOf(["g"], true)).toEqual({ shortcut: undefined, hasBegun: true });
    expect(actionOf("r")).toBeUndefined();
  });

  it("open the palette by Ctrl and by ⌘, also while single keys are off", () => {
    const key = keyOf({ key: "K", ctrlKey: false, metaKey: true, altKey: false });
    expect(key).toBe("Mod+k");
    expect(meaningOf([key], false).shortcut?.action).toEqual({ name: "palette" });
    expect(meaningOf(["?"], false).shortcut).toBeUndefined();
    expect(meaningOf(["g"], false).hasBegun).toBe(false);
  });
});
