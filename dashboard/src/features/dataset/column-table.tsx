/** Columns with what a profile tells of their values. */
import type { ColumnFacts, Dataset } from "../../api/types";
import { number } from "../../ui/format";
import { ScrollRegion } from "../../ui/scroll-region";
import { Histogram } from "./histogram";

const HEADS = [
  "Column",
  "Type",
  "Null",
  "Distinct",
  "Range",
  "Median (5% to 95%)",
  "Spread",
  "Most frequent",
];
const CELL = "px-4 py-2 whitespace-nowrap";
// Moments are long: they may take two lines.
const LONG_CELL = "min-w-36 px-4 py-2";

interface Props {
  caption: string;
  columns: Dataset["columns"];
  keys: string[];
  /** Of some of them; none before there is a profile. */
  facts: Record<string, ColumnFacts> | undefined;
}

export const ColumnTable = ({ caption, columns, keys, facts }: Props) => (
  <ScrollRegion label="Table of columns">
    <table className="w-full text-sm">
      <caption className="sr-only">{caption}</caption>
      <thead className="text-left">
        <tr>
          {HEADS.map((head) => (
            <th key={head} scope="col" className={`${CELL} font-medium text-muted`}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {columns.map(({ name, type }) => (
          <ColumnRow key={name} name={name} type={type} isKey={keys.includes(name)} facts={facts?.[name]} />
        ))}
      </tbody>
    </table>
  </ScrollRegion>
);

interface RowProps {
  name: string;
  type: string;
  isKey: boolean;
  facts: ColumnFacts | undefined;
}

function ColumnRow({ name, type, isKey, facts }: RowProps) {
  const about = (fact: string) => (facts?.approximate.includes(fact) ? "≈ " : "");
  const quantiles = facts?.quantiles;
  return (
    <tr className="border-t border-line align-top">
      <th scope="row" className={`${CELL} text-left font-medium`}>
        {name} {isKey && <span className="font-normal text-muted">key</span>}
      </th>
      <td className={`${LONG_CELL} font-mono text-xs leading-5 text-muted`}>{type}</td>
      <td className={CELL}>{facts && nullShare(facts)}</td>
      <td className={CELL}>{facts?.distinct != null && `${about("distinct")}${number(facts.distinct)}`}</td>
      <td className={LONG_CELL}>{facts?.min != null && `${shown(facts.min)} to ${shown(facts.max)}`}</td>
      <td className={CELL}>
        {quantiles &&
          `${about("quantiles")}${shown(quantiles.p50)} (${shown(quantiles.p05)} to ${shown(quantiles.p95)})`}
      </td>
      <td className={CELL}>{facts?.histogram && <Histogram name={name} histogram={facts.histogram} />}</td>
      <td className={`${CELL} max-w-72 truncate`}>
        {facts?.top
          ?.slice(0, 3)
          .map(({ value, count }) => `${shown(value)} (${number(count)})`)
          .join(", ")}
      </td>
    </tr>
  );
}

const SHARE = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

function nullShare({ count, nulls }: ColumnFacts): string {
  if (nulls === 0) return "none";
  return `${number(nulls)} (${SHARE.format(nulls / (count + nulls))})`;
}

const LONGEST = 24;

function shown(value: unknown): string {
  if (typeof value === "number") return number(value);
  const text = String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
