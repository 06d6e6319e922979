/** The wire's nouns by their short names; the shapes come from the server's OpenAPI description. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type EventRecord = Schemas["EventRecord"];
export type Status = Schemas["Status"];
export type Run = Schemas["Run"];
export type RunState = Schemas["RunState"];
export type RunCounts = Schemas["RunCounts"];
export type StageRun = Schemas["StageRun"];
export type StageState = Schemas["StageState"];
export type Reason = Schemas["Reason"];
export type Trigger = Schemas["Trigger"];
export type Schedule = Schemas["Schedule"];
export type InputItem = Schemas["InputItem"];
export type InputSummary = Schemas["InputSummary"];
export type Dataset = Schemas["Dataset"];
