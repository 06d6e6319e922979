/** One file's way from its arrival to its table, as steps with their times and runs. Pure. */
import type { InputDetail, Run } from "../../api/types";
import { bytes, counted, number } from "../../ui/format";
import type { IconName } from "../../ui/icon";
import type { Tone } from "../../ui/tone";

export interface Step {
  title: string;
  words: string;
  /** Null where nobody knows, or it has not come yet. */
  at: string | null;
  runId: string | null;
  tone: Tone;
  icon: IconName;
}

/** `checking`: the run in which the file's rows were checked and merged, where it is known. */
export function wayOf(input: InputDetail, checking: Run | null): Step[] {
  const arrived: Step = {
    title: "Arrived",
    words: `${input.name}, ${bytes(input.size)}`,
    at: input.arrived_at,
    runId: null,
    tone: "ok",
    icon: "check",
  };
  if (input.state === "quarantined") return [arrived, putAside(input)];
  return [arrived, translated(input), ...settled(input, checking)];
}

const putAside = (input: InputDetail): Step => ({
  title: "Put aside whole",
  words: input.message,
  at: input.translated_at,
  runId: input.run_id,
  tone: "bad",
  icon: "cross",
});

function translated(input: InputDetail): Step {
  const { records, rows, quarantined, repaired, grew_from } = input;
  const sum = `${counted(records ?? 0, "record")} = ${counted(rows ?? 0, "row")} + ${number(quarantined ?? 0)} put aside`;
  const more = [
    repaired > 0 && `${number(repaired)} mended`,
    grew_from && `it goes on from ${grew_from.name}`,
  ].filter((each) => each);
  return {
    title: "Translated",
    words: [sum, ...more].join("; "),
    at: input.translated_at,
    runId: input.run_id,
    tone: quarantined ? "warn" : "ok",
    icon: quarantined ? "warning" : "check",
  };
}

function settled(input: InputDetail, checking: Run | null): Step[] {
  const endOf = (stage: string): string | null =>
    checking?.stages.find(({ name }) => name === stage)?.ended_at ?? null;
  const runId = input.merged_run_id;
  const rows = counted(input.rows ?? 0, "row");
  const checked: Step = {
    title: "Checked",
    words: `${rows} looked at`,
    at: endOf("analyzer"),
    runId,
    tone: "ok",
    icon: "check",
  };
  const last = { at: null, runId: null } as const;
  switch (input.state) {
    case "translated":
      return [
        { ...last, title: "Waits for the merger", words: `${rows} to merge`, tone: "run", icon: "clock" },
      ];
    case "held_back":
      return [
        {
          ...last,
          runId,
          title: "Held back",
          words: input.message,
          at: endOf("merger"),
          tone: "warn",
          icon: "warning",
        },
      ];
    default: {
      const merged: Step = {
        title: "Merged",
        words: `${rows} into ${input.dataset}${input.merged_version === null ? "" : `, version ${number(input.merged_version)}`}`,
        at: endOf("merger"),
        runId,
        tone: "ok",
        icon: "check",
      };
      if (input.state === "retracted")
        return [
          checked,
          merged,
          {
            ...last,
            title: "Retracted",
            words: "Its rows were taken out of the table; they can be put back",
            tone: "idle",
            icon: "cross",
          },
        ];
      if (input.state === "replaced")
        return [
          checked,
          merged,
          {
            ...last,
            title: "Superseded",
            words: "A later version of the file stands in its place",
            tone: "idle",
            icon: "check",
          },
        ];
      return [checked, merged];
    }
  }
}
