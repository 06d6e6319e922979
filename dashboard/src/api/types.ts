/** The wire's nouns by their short names; the shapes come from the server's OpenAPI description. */
import type { components } from "./schema";

/** The server sends every field, null where there is no value; its description calls the ones with a default optional. */
export type Sent<T> = T extends readonly (infer Item)[]
  ? Sent<Item>[]
  : T extends object
    ? string extends keyof T
      ? T
      : { [Key in keyof T]-?: Sent<Exclude<T[Key], undefined>> }
    : T;

type Schemas = Sent<components["schemas"]>;

export type EventRecord = Schemas["EventWire"];
export type Run = Schemas["Run"];
export type RunState = Schemas["RunState"];
export type RunCounts = Schemas["RunCounts"];
export type StageRun = Schemas["StageRun"];
export type StageState = Schemas["StageState"];
export type Reason = Schemas["Reason"];
export type Schedule = Schemas["Schedule"];
/** As the fold has it: what depends on the moment it is asked is left to the viewer's own clock. */
export type Status = Omit<Schemas["PipelineStatus"], "seconds_to_next_run" | "overdue">;
export type InputItem = Schemas["InputItem"];
export type InputDetail = Schemas["InputDetail"];
export type InputSummary = Schemas["InputSummary"];
export type Dataset = Schemas["DatasetItem"];
export type PutAside = Schemas["QuarantineItem"];
export type RowPage = Schemas["RowPage"];
export type Analysis = Schemas["AnalysisItem"];
export type ProfilePart = Schemas["ProfilePart"];
export type Plotted = Schemas["SeriesAnswer"];
export type PlottedSeries = Schemas["Series"];
export type TableVersion = Schemas["VersionItem"];
export type ColumnFacts = Schemas["ColumnFacts"];
export type RunSpan = Schemas["RunSpan"];
export type StageSpan = Schemas["StageSpan"];
export type Trigger = Schemas["Trigger"];
export type Slot = Schemas["SlotItem"];
export type Verdict = Schemas["Verdict"];
export type SchedulePlan = Schemas["SchedulePlan"];
export type PlannedMark = Schemas["PlannedMark"];
export type Balance = Schemas["Balance"];
export type PreviewMark = Schemas["PreviewMark"];
export type Alert = Schemas["AlertItem"];
export type TokenItem = Schemas["TokenItem"];
export type MadeToken = Schemas["MadeToken"];
export type Role = Schemas["Role"];
export type Session = Schemas["Session"];
