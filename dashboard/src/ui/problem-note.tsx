/** What the server said when it refused or failed, and what can be done about it. */
import { useQueryClient } from "@tanstack/react-query";
import { Problem } from "../api/client";
import { Button } from "./button";
import { Icon } from "./icon";

export const ProblemNote = ({ error }: { error: Error }) => (
  <p role="alert" className="flex gap-2 rounded-lg bg-bad/10 px-3 py-2 text-sm text-bad">
    <Icon name="warning" className="mt-0.5" />
    <span className="min-w-0">
      {error instanceof Problem && <strong className="font-semibold">{error.title}: </strong>}
      {error.message}
    </span>
  </p>
);

interface Props {
  error: Error;
  /** Without it, all is asked again that is shown and was not answered: one cause mostly keeps back several parts. */
  onAgain?: () => void;
}

/** In the place of what the server did not answer. */
export function NotAnswered({ error, onAgain }: Props) {
  const queries = useQueryClient();
  const askAgain = () =>
    void queries.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
  return (
    <div className="flex flex-wrap items-start gap-3">
      <div className="min-w-0 flex-1 basis-64 rounded-lg bg-surface">
        <ProblemNote error={error} />
      </div>
      <Button onPress={onAgain ?? askAgain}>Ask again</Button>
    </div>
  );
}

/** At the head of a panel, which has no margins of its own. */
export const PanelProblem = ({ error, onAgain }: Omit<Props, "error"> & { error: Error | null }) =>
  error && (
    <div className="p-5">
      <NotAnswered error={error} {...(onAgain && { onAgain })} />
    </div>
  );
