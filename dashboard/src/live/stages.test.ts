/** The stages are those of the settings, before the first run too. */
import { expect, it } from "vitest";
import { aRun, Recorder } from "../testing/events";
import { stageNames, stageViews } from "./stages";

const configured = (...stages: string[]): Recorder => {
  const log = new Recorder();
  log.add("pipeline", "log", "The configuration is recorded", { configuration: null, digest: "", stages });
  return log;
};

const names = (log: Recorder): string[] => stageViews(log.status).map(({ name }) => name);

it("are those of the settings before any run", () => {
  const log = configured("translator", "burst");
  expect(stageViews(log.status).map(({ name, state, isInRun }) => [name, state, isInRun])).toEqual([
    ["translator", "waiting", true],
    ["burst", "waiting", true],
  ]);
});

it("are told of where a run leaves them out", () => {
  const log = configured("translator", "analyzer", "merger", "exporter");
  log.startRun();
  expect(names(log)).toEqual(["translator", "analyzer", "merger", "exporter"]);
  expect(stageViews(log.status).map(({ isInRun }) => isInRun)).toEqual([true, true, true, false]);
});

it("are the run's own where the settings are others since", () => {
  const log = configured("burst");
  log.become("success", { run: aRun("success") });
  expect(names(log)).toEqual(["translator", "analyzer", "merger"]);
  expect(stageNames(log.status)).toEqual(["burst"]);
});

it("are not known from a version that did not tell of them", () => {
  const log = configured("burst");
  log.add("pipeline", "log", "The configuration is recorded", { configuration: null, digest: "" });
  expect(stageNames(log.status)).toEqual([]);
});
