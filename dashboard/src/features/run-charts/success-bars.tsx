/** A bar for each run: low where it succeeded, high where it failed, between them where it was stopped. */
import type { Run } from "../../api/types";
import { HEIGHT, slot } from "./value-bars";

const LOOKS = {
  success: { share: 0.3, fill: "fill-ok" },
  stopped: { share: 0.6, fill: "fill-warn" },
  failed: { share: 1, fill: "fill-bad" },
} as const;

export function SuccessBars({ runs }: { runs: Run[] }) {
  return runs.map(({ run_id, state }, index) => {
    const look = state === "success" || state === "stopped" ? LOOKS[state] : LOOKS.failed;
    return (
      <rect
        key={run_id}
        {...slot(index, runs.length)}
        y={HEIGHT * (1 - look.share)}
        height={HEIGHT * look.share}
        className={look.fill}
      />
    );
  });
}
