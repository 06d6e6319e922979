/** What may be wider or longer than its place scrolls in itself, also by keyboard. */
import type { ReactNode } from "react";

interface Props {
  label: string;
  className?: string;
  children: ReactNode;
}

// Words for those who listen are placed freely: without `relative` they would widen the page, not the region.
export const ScrollRegion = ({ label, className = "", children }: Props) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard
  <section aria-label={label} tabIndex={0} className={`relative overflow-auto ${className}`}>
    {children}
  </section>
);
