/** A page's heading, with what belongs beside it. */
import type { ReactNode } from "react";

interface Props {
  title: ReactNode;
  /** The way here: links to the pages above. */
  above?: ReactNode;
  aside?: ReactNode;
}

export const PageTitle = ({ title, above, aside }: Props) => (
  <div className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
    <div className="min-w-0">
      {above && <p className="text-sm text-muted">{above}</p>}
      <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
    </div>
    {aside}
  </div>
);
