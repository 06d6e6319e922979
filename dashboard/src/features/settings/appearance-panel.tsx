/** How the page looks in this browser. */
import { type ReactNode, useState } from "react";
import { type Appearance, choose, useAppearance } from "../../ui/appearance";
import { Panel } from "../../ui/panel";
import { Segments } from "../../ui/segments";

const THEMES = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;

const ZONES = [
  {
    value: "local",
    label: `Here (${new Intl.DateTimeFormat().resolvedOptions().timeZone})`,
    hint: "Your zone",
  },
  { value: "utc", label: "UTC" },
] as const;

const DENSITIES = [
  { value: "comfortable", label: "Comfortable" },
  { value: "compact", label: "Compact" },
] as const;

export function AppearancePanel() {
  const { theme, zone, density } = useAppearance();
  const [isKept, setIsKept] = useState(true);
  const change = (chosen: Partial<Appearance>) => setIsKept(choose(chosen));
  return (
    <Panel title="Appearance" testId="appearance">
      <div className="flex flex-wrap gap-x-10 gap-y-4 px-5 py-4 text-sm">
        <Choice name="Theme">
          <Segments legend="Theme" options={THEMES} value={theme} onChange={(to) => change({ theme: to })} />
        </Choice>
        <Choice name="Times in">
          <Segments legend="Times in" options={ZONES} value={zone} onChange={(to) => change({ zone: to })} />
        </Choice>
        <Choice name="Density">
          <Segments
            legend="Density"
            options={DENSITIES}
            value={density}
            onChange={(to) => change({ density: to })}
          />
        </Choice>
      </div>
      <p role="status" className="px-5 pb-4 text-xs text-muted">
        {isKept
          ? "Kept in this browser alone. How much moves follows your system’s setting."
          : "This browser keeps nothing for this page: the choice holds until the page is left."}
      </p>
    </Panel>
  );
}

const Choice = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <p aria-hidden="true" className="mb-1 font-semibold">
      {name}
    </p>
    {children}
  </div>
);
