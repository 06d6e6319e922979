/** What the server said when it refused or failed. */
import { Problem } from "../api/client";
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

/** At the head of a panel, which has no margins of its own. */
export const PanelProblem = ({ error }: { error: Error | null }) =>
  error && (
    <div className="p-5">
      <ProblemNote error={error} />
    </div>
  );
