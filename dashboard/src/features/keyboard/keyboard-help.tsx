/** Which keys do what, and the switch for single ones. */
import { Dialog } from "../../ui/dialog";
import { isSingle, SHORTCUTS } from "./shortcuts";
import { switchSingleKeys, useSingleKeys } from "./single-keys";

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

const written = (key: string): string =>
  key.startsWith("Mod+") ? `${IS_MAC ? "⌘" : "Ctrl "}${key.slice(4).toUpperCase()}` : key;

export default function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const areOn = useSingleKeys();
  return (
    <Dialog label="Keyboard" onClose={onClose}>
      <div className="p-5">
        <h2 className="mb-3 text-lg font-semibold">Keyboard</h2>
        <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-5 gap-y-2 text-sm">
          {SHORTCUTS.map((shortcut) => (
            <div key={shortcut.keys.join(" ")} className="contents">
              <dt className={isSingle(shortcut) && !areOn ? "line-through" : ""}>
                {shortcut.keys.map((key) => (
                  <kbd
                    key={key}
                    className="mr-1 inline-block rounded border border-line bg-sunken px-1.5 font-mono text-xs"
                  >
                    {written(key)}
                  </kbd>
                ))}
              </dt>
              <dd>{shortcut.does}</dd>
            </div>
          ))}
          <dt>
            <kbd className="inline-block rounded border border-line bg-sunken px-1.5 font-mono text-xs">
              Esc
            </kbd>
          </dt>
          <dd>Close what is open</dd>
        </dl>
        <label className="mt-4 flex items-center gap-2.5 border-t border-line pt-4 text-sm">
          <input
            type="checkbox"
            checked={areOn}
            onChange={({ target }) => switchSingleKeys(target.checked)}
            className="size-4 accent-accent"
          />
          Single keys are shortcuts
        </label>
        <button
          type="button"
          onClick={onClose}
          className="mt-4 rounded-lg border border-line px-3.5 py-1.5 text-sm font-semibold hover:border-muted"
        >
          Close
        </button>
      </div>
    </Dialog>
  );
}
