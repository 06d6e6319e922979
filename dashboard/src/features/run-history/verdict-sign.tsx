/** The sign of a verdict, or of a mark to come. */
import type { Verdict } from "../../api/types";
import { VERDICTS } from "./verdicts";

const SHAPE =
  "flex h-5 w-full max-w-5 min-w-2 items-center justify-center rounded-xs text-[0.7rem] font-bold leading-none";

/** What went as it should is quiet, so that the rest is seen. */
const LOOK: Record<Verdict, string> = {
  ran: "bg-ok/15 text-ok",
  late: "bg-warn text-paper",
  skipped: "bg-idle text-paper",
  missed: "bg-bad text-paper",
  caught_up: "bg-run text-paper",
};

/** It is as wide as its place, and no wider than high. */
export const VerdictSign = ({ verdict }: { verdict: Verdict | null }) =>
  verdict ? (
    <span aria-hidden="true" className={`${SHAPE} ${LOOK[verdict]}`}>
      {VERDICTS[verdict].sign}
    </span>
  ) : (
    <span aria-hidden="true" className={`${SHAPE} border border-muted/60`} />
  );
