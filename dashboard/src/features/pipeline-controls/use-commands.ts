/** Sending one command at a time, and waiting until the live state shows what it did. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type Api, answerOf } from "../../api/client";
import type { Status } from "../../api/types";
import { useBackend, useLive } from "../../backend";

export type Command =
  | { name: "start"; resume?: string }
  | { name: "stop" }
  | { name: "reset" }
  | { name: "stage"; stage: string }
  | { name: "pause" }
  | { name: "unpause" };

/** Whether a status already holds what a command did. */
type IsSeen = (status: Status) => boolean;

async function send(api: Api, command: Command): Promise<IsSeen> {
  switch (command.name) {
    case "start": {
      const body = command.resume ? { resume: command.resume } : {};
      return holdsRun(await answerOf(api.POST("/api/pipeline/start", { body })));
    }
    case "stage": {
      const params = { path: { name: command.stage } };
      return holdsRun(await answerOf(api.POST("/api/pipeline/stage/{name}", { params })));
    }
    case "stop":
      return isAsNewAs(await answerOf(api.POST("/api/pipeline/stop")));
    case "reset":
      return isAsNewAs(await answerOf(api.POST("/api/pipeline/reset")));
    case "pause":
      await answerOf(api.POST("/api/schedule/pause"));
      return ({ schedule }) => schedule.paused;
    case "unpause":
      await answerOf(api.POST("/api/schedule/resume"));
      return ({ schedule }) => !schedule.paused;
  }
}

// Run ids sort by time: a later run has this one behind it.
const holdsRun =
  (reply: { run_id: string }): IsSeen =>
  (status) =>
    (status.run_id ?? "") >= reply.run_id;

const isAsNewAs =
  (reply: { version: number }): IsSeen =>
  (status) =>
    status.version >= reply.version;

export function useCommands() {
  const { api } = useBackend();
  const status = useLive((live) => live.status);
  const isLive = useLive((live) => live.connection.phase === "live");
  // A second press in the same frame comes before the button is drawn as busy.
  const isSending = useRef(false);
  const [awaited, setAwaited] = useState<IsSeen | null>(null);

  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: (command: Command) => send(api, command),
    onMutate: () => setAwaited(null),
    onSuccess: (isSeen) => setAwaited(() => isSeen),
    onSettled: () => {
      isSending.current = false;
    },
  });

  const state = status?.state;
  // What was refused in one state says nothing about the next.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the change of state is the trigger
  useEffect(() => {
    if (!isSending.current) reset();
  }, [state, reset]);

  return {
    isBusy: isPending || (isLive && status !== null && awaited !== null && !awaited(status)),
    error,
    command: (command: Command): void => {
      if (isSending.current) return;
      isSending.current = true;
      mutate(command);
    },
  };
}
