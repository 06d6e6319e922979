/** Many events come to one change for each key. */
import { expect, it } from "vitest";
import { Recorder } from "../../testing/events";
import { netChanges } from "./configuration";

const change = (key: string, from: unknown, to: unknown) => ({ changed: [{ key, from, to }] });

it("tells each key once, from what it was first to what it is, and not what was changed back", () => {
  const log = new Recorder();
  log.add("pipeline", "log", "", change("runner.attempts", 3, 2));
  log.add("scheduler", "state", "", { status: log.status, ...change("schedule.paused", false, true) });
  log.add("pipeline", "log", "", change("runner.attempts", 2, 1));
  log.add("scheduler", "state", "", { status: log.status, ...change("schedule.paused", true, false) });
  log.add("pipeline", "log", "", change("datasets.bars.keys", null, ["id"]));
  log.add("pipeline", "log", "", { changed: "all" });
  expect(netChanges([...log.events].reverse())).toEqual([
    "runner.attempts is 1, and was 3",
    'datasets.bars.keys is ["id"], and was not set',
  ]);
});
