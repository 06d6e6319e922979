/** The schedule as the form has it: what is edited, what others made of it meanwhile, what it would do. */
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf } from "../../api/client";
import type { Schedule } from "../../api/types";
import { useBackend } from "../../backend";
import { useSettled } from "../../ui/use-settled";
import { type Choice, choiceOf, inWords, isSame, wireOf } from "./schedule-choice";

const TYPING_PAUSE_MS = 250;

/** `base` is the schedule that the edit began from. */
interface Draft {
  base: Choice;
  now: Choice;
}

export function useScheduleForm(schedule: Schedule) {
  const { api } = useBackend();
  const live = choiceOf(schedule);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [said, setSaid] = useState("");

  const save = useMutation({
    mutationFn: (choice: Choice) => answerOf(api.PUT("/api/schedule", { body: wireOf(choice) })),
    onSuccess: (answer) => {
      const saved = choiceOf(answer);
      // Kept until the event of it has come: the fields do not fall back meanwhile.
      setDraft({ base: saved, now: saved });
      setSaid(`Saved: runs start by ${inWords(saved)}.`);
    },
  });

  const isEdited = draft !== null && !isSame(draft.base, draft.now);
  if (draft && isSame(draft.now, live)) setDraft(null);
  return {
    choice: draft?.now ?? live,
    isEdited,
    /** What somebody else has made of it since the edit began. */
    elsewhere: isEdited && !isSame(draft.base, live) ? live : null,
    said,
    save,
    edit: (change: Partial<Choice>) => {
      setSaid("");
      save.reset();
      setDraft({ base: draft?.base ?? live, now: { ...(draft?.now ?? live), ...change } });
    },
    revert: () => {
      save.reset();
      setDraft(null);
      setSaid("The schedule is shown as it is.");
    },
    keep: () => draft && setDraft({ ...draft, base: live }),
  };
}

/** The marks that a choice would have, after a pause in typing; a question that is no longer of use is called off. */
export function usePreview(choice: Choice, nextRunAt: string | null) {
  const { api } = useBackend();
  const asked = useSettled(JSON.stringify(wireOf(choice)), TYPING_PAUSE_MS);
  const preview = useQuery({
    // With the next run: each mark that has come makes another list.
    queryKey: ["schedule preview", asked, nextRunAt],
    queryFn: ({ signal }) => {
      const query = JSON.parse(asked) as ReturnType<typeof wireOf>;
      return answerOf(api.GET("/api/schedule/preview", { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
    retry: false,
  });
  const isOld = asked !== JSON.stringify(wireOf(choice)) || preview.isPlaceholderData;
  return { ...preview, isOld };
}
