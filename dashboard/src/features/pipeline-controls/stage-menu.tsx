/** Run one stage alone. */
import { Menu } from "@base-ui/react/menu";
import { buttonClass } from "../../ui/button";
import { titled } from "../../ui/format";
import { Icon } from "../../ui/icon";

interface Props {
  stages: string[];
  unavailable: string | null;
  onRun: (stage: string) => void;
}

export const StageMenu = ({ stages, unavailable, onRun }: Props) => (
  <Menu.Root modal={false}>
    <Menu.Trigger
      className={buttonClass("plain")}
      aria-disabled={unavailable ? true : undefined}
      disabled={unavailable !== null}
      title={unavailable ?? "Run one stage alone"}
    >
      Run one stage
      <Icon name="chevron" className="-mr-1 text-muted" />
    </Menu.Trigger>
    <Menu.Portal>
      <Menu.Positioner sideOffset={6} align="end">
        <Menu.Popup className="min-w-40 rounded-lg border border-line bg-surface p-1 text-sm shadow-lg shadow-ink/10">
          {stages.map((stage) => (
            <Menu.Item
              key={stage}
              onClick={() => onRun(stage)}
              className="rounded-md px-3 py-1.5 outline-none data-highlighted:bg-accent data-highlighted:text-paper"
            >
              {titled(stage)}
            </Menu.Item>
          ))}
        </Menu.Popup>
      </Menu.Positioner>
    </Menu.Portal>
  </Menu.Root>
);
