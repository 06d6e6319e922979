/** The page's small drawings, on a 16 by 16 grid, in the colour of the text around them. */

const PATHS = {
  idle: <circle cx="8" cy="8" r="2.2" fill="currentColor" stroke="none" />,
  turning: <path d="M8 2.5a5.5 5.5 0 1 1-5.5 5.5" />,
  check: <path d="m3.5 8.5 3 3 6-7" />,
  cross: <path d="m4 4 8 8m0-8-8 8" />,
  square: <rect x="4.5" y="4.5" width="7" height="7" rx="1" fill="currentColor" stroke="none" />,
  play: <path d="M5.5 3.6v8.8L12.6 8z" fill="currentColor" />,
  again: <path d="M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3" />,
  warning: <path d="M8 2.5 14 13H2zM8 6.5v3m0 1.8v.2" />,
  chevron: <path d="m4.5 6.5 3.5 3.5 3.5-3.5" />,
  right: <path d="m6 4 4 4-4 4" />,
  down: <path d="M8 3v9m-4-4 4 4 4-4" />,
  download: <path d="M8 2.5v7.5m-3.2-3L8 10l3.2-3M3 13.5h10" />,
  clock: <path d="M8 4.5V8l2.3 1.6M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0" />,
  search: <path d="M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0M10.5 10.5 14 14" />,
  dash: <path d="M4 8h8" />,
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name, className = "" }: { name: IconName; className?: string }) => (
  <svg
    viewBox="0 0 16 16"
    className={`inline-block size-4 shrink-0 ${name === "turning" ? "animate-turn" : ""} ${className}`}
    fill="none"
    stroke="currentColor"
    strokeWidth="1.8"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    {PATHS[name]}
  </svg>
);
