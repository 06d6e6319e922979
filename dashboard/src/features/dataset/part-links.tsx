/** The ways to the parts of a table's page. */
import { Link } from "@tanstack/react-router";
import { PARTS, type Part } from "./dataset-search";

export const PartLinks = ({ name, current }: { name: string; current: Part }) => (
  <nav aria-label={`Parts of ${name}`} className="mb-4 flex gap-1 overflow-x-auto border-b border-line p-1">
    {PARTS.map(({ part, label }) => (
      <Link
        key={part}
        to="/data/$name"
        params={{ name }}
        search={part === "rows" ? {} : { part }}
        // Without it a way whose search is a part of the address would be current too.
        activeOptions={{ exact: true }}
        aria-current={part === current ? "page" : undefined}
        className="rounded-lg px-3 py-1.5 text-sm font-medium text-muted hover:bg-sunken hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:text-ink"
      >
        {label}
      </Link>
    ))}
  </nav>
);
