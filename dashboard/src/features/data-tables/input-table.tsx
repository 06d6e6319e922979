/** Raw files: what became of each. */
import type { InputItem } from "../../api/types";
import { bytes, number } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { ScrollRegion } from "../../ui/scroll-region";
import { TEXT_TONE } from "../../ui/tone";
import { INPUT_STATES } from "../export-panel/inputs";
import { InputLink } from "../input-way/input-link";
import { InputAction } from "./input-action";

const HEAD = "px-5 py-2 font-medium whitespace-nowrap text-muted";
const CELL = "px-5 py-2 text-right whitespace-nowrap";

export function InputTable({ items }: { items: InputItem[] }) {
  return (
    <ScrollRegion label="Table of files">
      <table className="w-full text-sm">
        <caption className="sr-only">Raw files, newest first</caption>
        <thead className="text-left">
          <tr>
            <th scope="col" className={HEAD}>
              File
            </th>
            <th scope="col" className={HEAD}>
              State
            </th>
            <th scope="col" className={`${HEAD} text-right`}>
              Size
            </th>
            <th scope="col" className={`${HEAD} text-right`}>
              Rows
            </th>
            <th scope="col" className={`${HEAD} text-right`}>
              In quarantine
            </th>
            <th scope="col" className={HEAD}>
              <span className="sr-only">What can be done</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <InputRow key={item.id ?? item.name} item={item} />
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function InputRow({ item }: { item: InputItem }) {
  const { word, tone, icon } = INPUT_STATES[item.state];
  return (
    <tr className="border-t border-line align-baseline">
      <th scope="row" className="min-w-44 px-5 py-2 text-left font-normal wrap-anywhere">
        <InputLink id={item.id} name={item.name} />
        {item.message && <p className="max-w-prose text-xs text-muted">{item.message}</p>}
      </th>
      <td className={`px-5 py-2 whitespace-nowrap ${TEXT_TONE[tone]}`}>
        <Icon name={icon} className="-translate-y-px" /> {word}
      </td>
      <td className={CELL}>{bytes(item.size)}</td>
      <td className={CELL}>{item.rows === null ? "" : number(item.rows)}</td>
      <td className={`${CELL} ${item.quarantined ? "text-warn" : ""}`}>
        {item.quarantined === null ? "" : number(item.quarantined)}
      </td>
      <td className="px-5 py-1 text-right">
        <InputAction item={item} />
      </td>
    </tr>
  );
}
