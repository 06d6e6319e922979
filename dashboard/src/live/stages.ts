/** Which stages the pipeline has, and how they stand. */
import type { StageRun, Status } from "../api/types";

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

/** As the settings have them, in the order of the pipeline. */
export const stageNames = ({ configuration }: Status): readonly string[] => configuration?.stages ?? [];

export interface StageView extends StageRun {
  /** False where the run was asked to leave this stage out. */
  isInRun: boolean;
}

/** Each stage of the pipeline as the run has it. A run of other settings has stages of its own. */
export function stageViews(status: Status): StageView[] {
  const configured = stageNames(status);
  const inRun = status.run?.stages ?? [];
  const isOfThese = inRun.every(({ name }) => configured.includes(name));
  if (!isOfThese) return inRun.map((stage) => ({ ...stage, isInRun: true }));
  return configured.map((name) => {
    const stage = inRun.find((each) => each.name === name);
    return stage ? { ...stage, isInRun: true } : { ...NOT_YET, name, isInRun: status.run === null };
  });
}
