/** The cron text, its time zone and the jitter. */
import { useId } from "react";
import { FIELD, Field } from "./field";
import type { Choice } from "./schedule-choice";

interface Props {
  choice: Choice;
  isReadOnly: boolean;
  wrong: { field: string | null; message: string } | null;
  onEdit: (change: Partial<Choice>) => void;
}

const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

export function ScheduleFields({ choice, isReadOnly, wrong, onEdit }: Props) {
  const zonesId = useId();
  const errorOf = (field: keyof Choice) => (wrong?.field === field ? wrong.message : null);
  return (
    <div className="grid gap-4 sm:grid-cols-[2fr_2fr_1fr] xl:grid-cols-1">
      <Field label="Cron text" hint="Minute, hour, day, month, day of the week" error={errorOf("cron")}>
        {(given) => (
          <input
            {...given}
            className={`${FIELD} font-mono`}
            value={choice.cron}
            readOnly={isReadOnly}
            spellCheck={false}
            autoComplete="off"
            maxLength={200}
            onChange={({ target }) => onEdit({ cron: target.value })}
          />
        )}
      </Field>
      <Field label="Time zone" hint="In which the cron text is read" error={errorOf("timezone")}>
        {(given) => (
          <>
            <input
              {...given}
              className={FIELD}
              list={isReadOnly ? undefined : zonesId}
              value={choice.timezone}
              readOnly={isReadOnly}
              spellCheck={false}
              autoComplete="off"
              maxLength={64}
              onChange={({ target }) => onEdit({ timezone: target.value })}
            />
            <datalist id={zonesId}>
              {ZONES.map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field label="Jitter" hint="Seconds; 0 is none" error={errorOf("jitter")}>
        {(given) => (
          <input
            {...given}
            className={FIELD}
            type="number"
            min={0}
            step="any"
            value={choice.jitter}
            readOnly={isReadOnly}
            onChange={({ target }) => onEdit({ jitter: target.value })}
          />
        )}
      </Field>
    </div>
  );
}
