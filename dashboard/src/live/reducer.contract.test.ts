/** The fold must agree with Python's: both run over the same recorded streams. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { EventRecord, Status } from "../api/types";
import { fold } from "./reducer";

const STREAMS = join(import.meta.dirname, "../../../tests/contract/streams");
const streams = readdirSync(STREAMS).filter((name) => name.endsWith(".jsonl"));

describe("recorded streams", () => {
  test("there are some", () => {
    expect(streams).not.toEqual([]);
  });

  test.each(streams)("%s folds to the status that Python found", (name) => {
    const events = readFileSync(join(STREAMS, name), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as EventRecord);
    const expected = JSON.parse(
      readFileSync(join(STREAMS, name.replace(/\.jsonl$/, ".status.json")), "utf8"),
    ) as Status;
    expect(fold(events)).toEqual(expected);
  });
});
