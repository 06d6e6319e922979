/** What the exporter delivered: files that wait, and what became of the others. */
import { useState } from "react";
import type { InputItem, InputSummary } from "../../api/types";
import { bytes, counted, number } from "../../ui/format";
import { Icon, type IconName } from "../../ui/icon";
import { Ago } from "../../ui/time";
import { TEXT_TONE, type Tone } from "../../ui/tone";
import { InputLink } from "../input-way/input-link";

const FIRST_SHOWN = 6;

export const INPUT_STATES: Record<InputItem["state"], { word: string; tone: Tone; icon: IconName }> = {
  quarantined: { word: "quarantined", tone: "bad", icon: "cross" },
  held_back: { word: "held back", tone: "warn", icon: "warning" },
  settling: { word: "being written", tone: "idle", icon: "turning" },
  waiting: { word: "waiting", tone: "run", icon: "clock" },
  translated: { word: "translated", tone: "run", icon: "check" },
  merged: { word: "merged", tone: "ok", icon: "check" },
  replaced: { word: "replaced", tone: "idle", icon: "check" },
  retracted: { word: "retracted", tone: "idle", icon: "cross" },
};

// What needs a person first, then what is still to come, then the past.
const ORDER = Object.keys(INPUT_STATES);

export function Inputs({ items, summary }: { items: InputItem[]; summary: InputSummary }) {
  const [isWhole, setIsWhole] = useState(false);
  const ordered = items.toSorted((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));
  const shown = isWhole ? ordered : ordered.slice(0, FIRST_SHOWN);
  return (
    <div>
      <h3 className="flex items-baseline justify-between px-5 pt-4 text-sm font-semibold">
        Arrived
        <span className="font-normal text-muted">
          {summary.last_arrival_at ? (
            <>
              last file <Ago at={summary.last_arrival_at} />
            </>
          ) : (
            "nothing yet"
          )}
        </span>
      </h3>
      <dl className="flex flex-wrap gap-x-8 gap-y-2 px-5 pt-2">
        <Figure name="waiting" value={number(summary.waiting)} />
        <Figure name="being written" value={number(summary.settling)} />
        <Figure name="set aside" value={number(summary.quarantined + summary.held_back)} isBad />
        <Figure name="rows" value={number(summary.rows)} />
      </dl>
      {items.length === 0 ? (
        <p className="px-5 py-4 text-sm text-muted">
          Drop a CSV file into <code className="font-mono text-ink">data/raw</code>, or into{" "}
          <code className="font-mono text-ink">data/raw/&lt;dataset&gt;</code> to name its table. The next run
          takes it in.
        </p>
      ) : (
        <ul className="px-5 py-3">
          {shown.map((item) => (
            <InputRow key={item.id ?? item.name} item={item} />
          ))}
        </ul>
      )}
      {ordered.length > FIRST_SHOWN && (
        <button
          type="button"
          aria-expanded={isWhole}
          onClick={() => setIsWhole(!isWhole)}
          className="mx-5 mb-3 text-sm text-accent hover:underline"
        >
          {isWhole ? "Show fewer" : `Show all ${number(ordered.length)}`}
        </button>
      )}
    </div>
  );
}

const Figure = ({ name, value, isBad = false }: { name: string; value: string; isBad?: boolean }) => (
  <div className="flex flex-col-reverse justify-end">
    <dt className="text-xs text-muted">{name}</dt>
    <dd className={`text-lg font-semibold ${isBad && value !== "0" ? "text-bad" : ""}`}>{value}</dd>
  </div>
);

export function InputRow({ item }: { item: InputItem }) {
  const { word, tone, icon } = INPUT_STATES[item.state];
  return (
    <li className="border-t border-line py-1.5 text-sm first:border-t-0">
      <div className="flex items-baseline gap-2">
        <Icon name={icon} className={`translate-y-0.5 ${TEXT_TONE[tone]}`} />
        {/* Whole, also where it is long: what tells files apart is mostly at the end. */}
        <div className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2">
          <InputLink id={item.id} name={item.name} className="min-w-0 flex-1 basis-32 wrap-anywhere" />
          <div className="ml-auto flex gap-2">
            <span className="text-muted">
              {item.rows === null ? bytes(item.size) : counted(item.rows, "row")}
            </span>
            <span className={`text-right sm:w-24 ${TEXT_TONE[tone]}`}>{word}</span>
          </div>
        </div>
      </div>
      {item.quarantined !== null && item.quarantined > 0 && (
        <p className="pl-6 text-xs text-warn">{counted(item.quarantined, "row")} in quarantine</p>
      )}
      {item.message && <p className="pl-6 text-xs text-muted">{item.message}</p>}
    </li>
  );
}
