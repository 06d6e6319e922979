/** Whatever the page can show or do, found by typing. */
import { useEffect, useId, useState } from "react";
import { Dialog } from "../../ui/dialog";
import { ProblemNote } from "../../ui/problem-note";
import { useCommands } from "../pipeline-controls/use-commands";
import { type Entry, fitting } from "./entries";
import { useEntries } from "./use-entries";

interface Props {
  onClose: () => void;
  onHelp: () => void;
}

export default function CommandPalette({ onClose, onHelp }: Props) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [sent, setSent] = useState<string | null>(null);
  const commands = useCommands();
  const found = fitting(useEntries(typed, commands, onHelp), typed);
  const chosen = Math.min(at, found.length - 1);
  const optionId = (place: number) => `${id}-${place}`;

  const pick = (entry: Entry): void => {
    entry.pick();
    // A command may be refused: the server's words are shown here.
    if (entry.id.startsWith("command ")) setSent(entry.label);
    else if (entry.id !== "help") onClose();
  };
  const { isBusy, error } = commands;
  const [wasBusy, setWasBusy] = useState(false);
  const isDone = wasBusy && !isBusy && !error;
  useEffect(() => {
    if (isBusy) setWasBusy(true);
    if (isDone) onClose();
  }, [isBusy, isDone, onClose]);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const last = found.length - 1;
    const moves: Record<string, number> = {
      ArrowDown: chosen >= last ? 0 : chosen + 1,
      ArrowUp: chosen <= 0 ? last : chosen - 1,
      PageDown: Math.min(last, chosen + 8),
      PageUp: Math.max(0, chosen - 8),
    };
    const to = moves[event.key];
    if (to !== undefined) {
      setAt(to);
      document.getElementById(optionId(to))?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      const entry = found[chosen];
      if (entry) pick(entry);
    } else return;
    event.preventDefault();
  };

  return (
    <Dialog label="Find and do" onClose={onClose}>
      <input
        role="combobox"
        aria-label="Find a page, a command, a dataset, a run or an event"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={found.length > 0 ? optionId(chosen) : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder="Page, command, dataset, run or event number"
        value={typed}
        onChange={({ target }) => {
          setTyped(target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        className="w-full border-b border-line bg-transparent px-5 py-3.5 -outline-offset-2 placeholder:text-muted"
      />
      {error && sent && (
        <div className="p-3">
          <ProblemNote error={error} />
        </div>
      )}
      <div
        id={`${id}-list`}
        role="listbox"
        // Browsers make what scrolls a stop of the Tab key: this is read from the field, by the arrow keys.
        tabIndex={-1}
        aria-label="Found"
        className="max-h-[min(24rem,55vh)] overflow-y-auto p-1.5"
      >
        {found.map((entry, place) => (
          <div
            key={entry.id}
            id={optionId(place)}
            role="option"
            tabIndex={-1}
            aria-selected={place === chosen}
            onPointerMove={() => setAt(place)}
            onClick={() => pick(entry)}
            onKeyDown={onKeyDown}
            className={`flex cursor-pointer items-baseline justify-between gap-4 rounded-lg px-3.5 py-1.5 text-sm ${place === chosen ? "bg-accent text-paper" : ""}`}
          >
            <span className="min-w-0 truncate font-medium">{entry.label}</span>
            <span className={`shrink-0 text-xs ${place === chosen ? "" : "text-muted"}`}>{entry.hint}</span>
          </div>
        ))}
      </div>
      <p role="status" className={found.length > 0 ? "sr-only" : "px-5 pb-4 text-sm text-muted"}>
        {found.length > 0 ? `${found.length} found` : "Nothing is called so."}
      </p>
    </Dialog>
  );
}
