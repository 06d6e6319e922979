/** A panel with its states, and those that most panels have. */
import type { ReactNode } from "react";
import type { Backend } from "../backend";
import type { Recorder } from "../testing/events";
import { EMPTY, ERROR, LOADING, RUNS } from "./answers";
import { empty, succeeded } from "./logs";
import { type Answers, standIn } from "./stand-in";

/** One that is reached by pressing a button alone: which one, by its words. */
export interface Pressed {
  press: string;
  over: () => Backend;
}

export type PanelState = (() => Backend) | Pressed;

export interface PanelStates {
  title: string;
  panel: ReactNode;
  /** By name; made when the page is drawn, since they count from now. */
  states: Record<string, PanelState>;
}

/** The connection is lost, and what is shown is old. */
export const away = (log: Recorder, answers: Answers = RUNS): Backend =>
  standIn(log, answers, {
    connection: { phase: "waiting", retryAtMs: Date.now() + 25_000 },
    heardAtMs: Date.now() - 300_000,
  });

/** Of a panel that asks the server. */
export const asking = (filled: Answers = {}): PanelStates["states"] => ({
  filled: () => standIn(succeeded(), filled),
  empty: () => standIn(empty(), EMPTY),
  ...asked(filled),
});

/** Of one that is drawn only where there is something to ask. */
export const asked = (filled: Answers = {}): PanelStates["states"] => ({
  loading: () => standIn(succeeded(), LOADING),
  error: () => standIn(succeeded(), ERROR),
  offline: () => away(succeeded(), filled),
});
