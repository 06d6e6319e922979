/** The palette's entries: pages, what can be done now, how the page looks, datasets, runs, an event by its number. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { answerOf } from "../../api/client";
import { useBackend, useLive } from "../../backend";
import { useNoChange } from "../../session";
import { PAGES } from "../../shell/site-nav";
import { choose } from "../../ui/appearance";
import { number, titled } from "../../ui/format";
import { unavailable } from "../pipeline-controls/availability";
import type { useCommands } from "../pipeline-controls/use-commands";
import { type Entry, isRunId, seqIn } from "./entries";

const RUNS = 50;

export function useEntries(
  typed: string,
  commands: ReturnType<typeof useCommands>,
  onHelp: () => void,
): Entry[] {
  const navigate = useNavigate();
  const pages: Entry[] = PAGES.map(({ to, label }) => ({
    id: `page ${to}`,
    label,
    hint: "Page",
    pick: () => void navigate({ to }),
  }));
  const toWall = () => void navigate({ to: "/", search: { kiosk: 1 } });
  pages.push({ id: "kiosk", label: "Now for a wall screen", hint: "Page", pick: toWall });
  pages.push({
    id: "states",
    label: "All states of each panel",
    hint: "Page for review",
    pick: () => void navigate({ to: "/states" }),
  });
  return [...useNamed(typed), ...pages, ...useCommandEntries(commands), ...useFound(), ...looks(onHelp)];
}

/** What is named exactly by what was typed. */
function useNamed(typed: string): Entry[] {
  const navigate = useNavigate();
  const seq = seqIn(typed);
  const runId = isRunId(typed) ? typed.trim() : null;
  const entries: Entry[] = [];
  if (seq !== null) {
    const pick = () => void navigate({ to: "/events", search: { seq } });
    entries.push({ id: "event", label: `Event ${number(seq)}`, hint: typed, pick });
  }
  if (runId !== null) {
    const pick = () => void navigate({ to: "/runs/$runId", params: { runId } });
    entries.push({ id: "named run", label: `Run ${runId}`, hint: "By its id", pick });
  }
  return entries;
}

function useCommandEntries({ command, isBusy }: ReturnType<typeof useCommands>): Entry[] {
  const status = useLive((live) => live.status);
  const noChange = useNoChange();
  if (!status) return [];
  const { state, run, schedule } = status;
  const reasons = unavailable(state, noChange, isBusy);
  const entries: Entry[] = [];
  const add = (name: string, reason: string | null, pick: () => void) =>
    reason === null && entries.push({ id: `command ${name}`, label: name, hint: "Command", pick });
  add("Start a run", reasons.start, () => command({ name: "start" }));
  add("Stop the run", reasons.stop, () => command({ name: "stop" }));
  add("Reset the pipeline", reasons.reset, () => command({ name: "reset" }));
  const failed = state === "failed" ? run?.stages.find((stage) => stage.state === "failed") : undefined;
  if (run && failed)
    add(`Resume from ${titled(failed.name)}`, reasons.start, () =>
      command({ name: "start", resume: run.run_id }),
    );
  const reason = noChange ?? (isBusy ? "not now" : null);
  if (schedule.paused) add("Resume the schedule", reason, () => command({ name: "unpause" }));
  else add("Pause the schedule", reason, () => command({ name: "pause" }));
  return entries;
}

function useFound(): Entry[] {
  const { api } = useBackend();
  const navigate = useNavigate();
  const datasets = useQuery({
    queryKey: ["datasets", "palette"],
    queryFn: () => answerOf(api.GET("/api/datasets")),
  });
  const runs = useQuery({
    queryKey: ["runs", "palette"],
    queryFn: () => answerOf(api.GET("/api/runs", { params: { query: { limit: RUNS } } })),
  });
  const ofDatasets = (datasets.data?.items ?? []).map(({ name, rows }) => ({
    id: `dataset ${name}`,
    label: name,
    hint: rows === null ? "Dataset" : `Dataset, ${number(rows)} rows`,
    pick: () => void navigate({ to: "/data/$name", params: { name } }),
  }));
  const ofRuns = (runs.data?.items ?? []).map(({ run_id: runId, state, trigger }) => ({
    id: `run ${runId}`,
    label: runId,
    hint: `Run, ${state}, by ${trigger.replace("_", " ")}`,
    pick: () => void navigate({ to: "/runs/$runId", params: { runId } }),
  }));
  return [...ofDatasets, ...ofRuns];
}

const looks = (onHelp: () => void): Entry[] => [
  ...(["light", "dark", "system"] as const).map((theme) => ({
    id: `theme ${theme}`,
    label: theme === "system" ? "Theme as the system" : `${titled(theme)} theme`,
    hint: "Appearance",
    pick: () => void choose({ theme }),
  })),
  { id: "help", label: "Keyboard help", hint: "?", pick: onHelp },
];
