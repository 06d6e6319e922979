/** Which stages the pipeline has, as far as a status tells. */
import type { StageRun, Status } from "../api/types";

const DEFAULT_STAGES = ["translator", "analyzer", "merger"];

const NOT_YET: Omit<StageRun, "name"> = {
  state: "waiting",
  attempts: 0,
  started_at: null,
  ended_at: null,
  progress: null,
  reason: null,
  message: "",
  data: {},
};

/** In the order of the pipeline. A run of one stage alone does not hide the others. */
export function stageNames({ run, last_run }: Pick<Status, "run" | "last_run">): string[] {
  const [longest] = [run, last_run]
    .map((each) => each?.stages.map(({ name }) => name) ?? [])
    .sort((one, other) => other.length - one.length);
  if (!longest?.length) return DEFAULT_STAGES;
  const areDefault = longest.every((name) => DEFAULT_STAGES.includes(name));
  return areDefault ? DEFAULT_STAGES : longest;
}

export interface StageView extends StageRun {
  /** False where the run was asked to leave this stage out. */
  isInRun: boolean;
}

/** Each stage of the pipeline as the run has it. */
export const stageViews = (status: Status): StageView[] =>
  stageNames(status).map((name) => {
    const stage = status.run?.stages.find((each) => each.name === name);
    return stage ? { ...stage, isInRun: true } : { ...NOT_YET, name, isInRun: status.run === null };
  });
