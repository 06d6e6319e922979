/** The ways to the pages. */
import { Link, useMatchRoute } from "@tanstack/react-router";

export const PAGES = [
  { to: "/", label: "Now" },
  { to: "/runs", label: "Runs" },
  { to: "/data", label: "Data" },
  { to: "/events", label: "Events" },
  { to: "/settings", label: "Settings" },
] as const;

/** Pages of data whose addresses do not begin as Data's does. */
const BELOW_DATA = ["/analyses", "/quarantine"] as const;
const CURRENT = { "data-status": "active", "aria-current": "page" } as const;

export function SiteNav() {
  const matches = useMatchRoute();
  const isBelowData = BELOW_DATA.some((to) => matches({ to, fuzzy: true }));
  return (
    <nav
      aria-label="Pages"
      className="order-last -mx-4 flex w-screen gap-1 overflow-x-auto p-1 px-4 sm:order-none sm:mx-0 sm:w-auto sm:flex-1 sm:overflow-visible sm:p-0"
    >
      {PAGES.map(({ to, label }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: to === "/", includeSearch: false }}
          {...(to === "/data" && isBelowData && CURRENT)}
          className="rounded-lg px-3 py-1.5 text-sm font-medium text-muted hover:bg-sunken hover:text-ink data-[status=active]:bg-sunken data-[status=active]:text-ink"
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
