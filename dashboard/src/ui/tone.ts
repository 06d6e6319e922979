/** The few meanings that a colour has on this page. A word and a shape always stand beside it. */
import type { RunState, StageState } from "../api/types";
import type { IconName } from "./icon";

export type Tone = "idle" | "run" | "ok" | "warn" | "bad";

export const TEXT_TONE: Record<Tone, string> = {
  idle: "text-idle",
  run: "text-run",
  ok: "text-ok",
  warn: "text-warn",
  bad: "text-bad",
};

export const FILL_TONE: Record<Tone, string> = {
  idle: "bg-idle",
  run: "bg-run",
  ok: "bg-ok",
  warn: "bg-warn",
  bad: "bg-bad",
};

export const RUN_TONE: Record<RunState, Tone> = {
  idle: "idle",
  starting: "run",
  running: "run",
  stopping: "warn",
  success: "ok",
  failed: "bad",
  stopped: "warn",
};

export const STAGE_TONE: Record<StageState, Tone> = {
  waiting: "idle",
  running: "run",
  retrying: "warn",
  success: "ok",
  failed: "bad",
  stopped: "warn",
};

export const RUN_ICON: Record<RunState, IconName> = {
  idle: "clock",
  starting: "turning",
  running: "turning",
  stopping: "turning",
  success: "check",
  failed: "cross",
  stopped: "square",
};

export const STAGE_ICON: Record<StageState, IconName> = {
  waiting: "idle",
  running: "turning",
  retrying: "again",
  success: "check",
  failed: "cross",
  stopped: "square",
};
