/** Whether this browser tells of failed runs by a notification of the system. */
import { useState } from "react";
import { isWanted, permission, want } from "./notify";

const NOTES = {
  unsupported: "This browser shows no notifications here.",
  denied: "This browser was told to show none of this page: its settings for the site say so.",
} as const;

export function NotificationSwitch() {
  const [isOn, setOn] = useState(isWanted);
  const allowed = permission();
  const note = allowed === "unsupported" || allowed === "denied" ? NOTES[allowed] : null;
  const change = async (wanted: boolean): Promise<void> => setOn((await want(wanted)) && wanted);
  return (
    <div className="text-sm">
      <label className="flex items-center gap-2.5">
        <input
          type="checkbox"
          checked={isOn}
          disabled={note !== null}
          onChange={({ target }) => void change(target.checked)}
          className="size-4 accent-accent"
        />
        Notify me on this computer when a run fails
      </label>
      {note && <p className="mt-1 text-xs text-muted">{note}</p>}
    </div>
  );
}
