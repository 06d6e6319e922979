/** Listens for shortcuts on every page; what they open is fetched when it is first asked for. */
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { Icon } from "../../ui/icon";
import { type Action, keyOf, meaningOf } from "./shortcuts";
import { areSingleKeysOn } from "./single-keys";
import { focusSearch, step } from "./step";

const CommandPalette = lazy(() => import("../command-palette/command-palette"));
const KeyboardHelp = lazy(() => import("./keyboard-help"));

/** So long the second key of two may be awaited. */
const SECOND_KEY_MS = 1500;

type Opened = "palette" | "help" | null;

export function Keyboard() {
  const [opened, setOpened] = useState<Opened>(null);
  const navigate = useNavigate();
  const act = useCallback(
    (action: Action) => {
      if (action.name === "palette" || action.name === "help") setOpened(action.name);
      if (action.name === "search") focusSearch();
      if (action.name === "step") step(action.by);
      if (action.name === "go") void navigate({ to: action.to });
    },
    [navigate],
  );
  useEffect(() => listen(act), [act]);
  // A dialog's end is told later than it is; another may be open by then.
  const close = (which: Opened) => () => setOpened((now) => (now === which ? null : now));
  return (
    <Suspense>
      <button
        type="button"
        aria-label="Find and do"
        aria-keyshortcuts="Control+K Meta+K"
        title="Find a page, a command, a dataset, a run or an event (Ctrl K)"
        onClick={() => setOpened("palette")}
        className="inline-flex size-8 items-center justify-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
      >
        <Icon name="search" />
      </button>
      {opened === "palette" && <CommandPalette onClose={close("palette")} onHelp={() => setOpened("help")} />}
      {opened === "help" && <KeyboardHelp onClose={close("help")} />}
    </Suspense>
  );
}

function listen(act: (action: Action) => void): () => void {
  let pressed: string[] = [];
  let pressedAtMs = 0;
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.repeat || event.isComposing) return;
    const key = keyOf(event);
    const isTyped = !key.startsWith("Mod+") && isTyping(event.target);
    // What is open has the keys for itself.
    if (isTyped || document.querySelector("dialog[open]")) return;
    if (event.timeStamp - pressedAtMs > SECOND_KEY_MS) pressed = [];
    pressedAtMs = event.timeStamp;
    const [both, alone] = [[...pressed, key], [key]];
    const areSingleOn = areSingleKeysOn();
    const keys = meaningOf(both, areSingleOn).shortcut ? both : alone;
    const { shortcut, hasBegun } = meaningOf(keys, areSingleOn);
    pressed = hasBegun ? keys : [];
    if (!shortcut) return;
    event.preventDefault();
    act(shortcut.action);
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches('input:not([type="checkbox"]):not([type="radio"]), textarea, select'));
