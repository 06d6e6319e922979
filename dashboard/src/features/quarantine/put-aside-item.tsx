/** One record, or one whole file, that was put aside: where it stands, why, and its text with the value to blame. */
import { useState } from "react";
import type { PutAside } from "../../api/types";
import { useNoChange } from "../../session";
import { Button } from "../../ui/button";
import { number } from "../../ui/format";
import { Icon, type IconName } from "../../ui/icon";
import { TEXT_TONE, type Tone } from "../../ui/tone";
import { InputLink } from "../input-way/input-link";
import { MendForm } from "./mend-form";

const OUTCOMES: Record<PutAside["outcome"], { word: string; tone: Tone; icon: IconName }> = {
  quarantined: { word: "put aside", tone: "warn", icon: "warning" },
  mended: { word: "taken, mended", tone: "ok", icon: "check" },
  retried: { word: "sent again", tone: "run", icon: "again" },
};

export function PutAsideItem({ item }: { item: PutAside }) {
  const [isOpen, setIsOpen] = useState(false);
  const noChange = useNoChange();
  const { word, tone, icon } = OUTCOMES[item.outcome];
  return (
    <li className="border-t border-line px-5 py-3 text-sm first:border-t-0">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <p className="font-medium">
            <InputLink id={item.id.split(":")[0] ?? null} name={item.file} />
            <span className="font-normal text-muted">{place(item)}</span>
          </p>
          <p>
            {item.column !== null && <strong className="font-semibold">{item.column}: </strong>}
            {item.reason}
          </p>
        </div>
        <div className="flex items-center gap-4">
          <span className={`whitespace-nowrap ${TEXT_TONE[tone]}`}>
            <Icon name={icon} className="-translate-y-px" /> {word}
          </span>
          {item.outcome === "quarantined" && !isOpen && (
            <Button onPress={() => setIsOpen(true)} unavailable={noChange}>
              Mend <span className="sr-only">{item.id}</span>
            </Button>
          )}
        </div>
      </div>
      {item.raw && (
        <p className="mt-1.5 rounded-lg bg-sunken px-3 py-1.5 font-mono text-xs break-all whitespace-pre-wrap">
          <Marked text={item.raw} value={item.value} />
          {item.is_raw_cut && <span className="text-muted"> … it goes on</span>}
        </p>
      )}
      {item.retried_as && <p className="mt-1 text-xs text-muted">sent as {item.retried_as}</p>}
      {isOpen && <MendForm id={item.id} onEnd={() => setIsOpen(false)} />}
    </li>
  );
}

function place({ record, line }: PutAside): string {
  if (record === null) return " · the whole file";
  return ` · record ${number(record)}${line === null ? "" : `, line ${number(line)}`}`;
}

/** Where the value stands more than once in the text, the first place is marked. */
function Marked({ text, value }: { text: string; value: string | null }) {
  const start = value ? text.indexOf(value) : -1;
  if (!value || start < 0) return text;
  return (
    <>
      {text.slice(0, start)}
      <mark className="rounded-sm bg-bad/15 text-bad underline decoration-wavy">{value}</mark>
      {text.slice(start + value.length)}
    </>
  );
}
