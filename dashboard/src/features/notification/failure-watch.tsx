/** Tells of a run that fails, where that is wanted. Draws nothing. */
import { useEffect } from "react";
import { useBackend } from "../../backend";
import { hasFailed, tell } from "./notify";

export function FailureWatch() {
  const { live } = useBackend();
  useEffect(
    () =>
      live.subscribe(({ status }, before) => {
        if (status?.run && hasFailed(status.state, before.status?.state)) void tell(status.run);
      }),
    [live],
  );
  return null;
}
