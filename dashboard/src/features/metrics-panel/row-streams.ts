/** The rows of a run as bands of a picture, as thick as they are many: raw, translated, merged, and what leaves on the way. Pure. */
import type { Run } from "../../api/types";
import type { Tone } from "../../ui/tone";

export const WIDTH = 1000;
export const HEIGHT = 72;
/** The thickest: side streams need room below it. */
export const MOST = 40;
/** A single bad row among millions is still seen. */
const LEAST = 1.5;
export const TRANSLATED_AT = 500;
/** From where a side stream leaves to where it ends. */
export const LEAVING_WIDTH = 300;
const POST = 6;

export interface Band {
  /** What it shows, each once in a picture. */
  key: string;
  tone: Tone;
  path: string;
  /** Where a stage hands over to the next. */
  isPost: boolean;
  /** Begins or ends below the way itself. */
  isBelow: boolean;
}

interface Edge {
  x: number;
  y: number;
}

export function bandsOf({
  records,
  rows,
  quarantined,
  inserted,
  updated,
  unchanged,
  held_back,
}: Run["counts"]): Band[] {
  const taken = inserted + updated + unchanged + held_back;
  const most = Math.max(records, rows, taken, 1);
  const thick = (count: number): number => (count > 0 ? Math.max(LEAST, (MOST * count) / most) : 0);
  const stay = (key: string, tone: Tone, count: number, fromX: number, toX: number, y: number): Band[] =>
    drawn(key, tone, { x: fromX, y }, { x: toX, y }, thick(count));
  const leave = (key: string, tone: Tone, count: number, fromX: number, y: number): Band[] =>
    drawn(key, tone, { x: fromX, y }, { x: fromX + LEAVING_WIDTH, y: HEIGHT - thick(count) }, thick(count));

  const added = thick(inserted);
  const changed = added + thick(updated);
  const same = changed + thick(unchanged);
  const earlier = Math.max(0, taken - rows);
  return [
    ...post("raw", 0, thick(records)),
    ...stay("rows", "ok", rows, POST, TRANSLATED_AT, 0),
    ...leave("quarantined", "bad", quarantined, POST, thick(rows)),
    ...post("translated", TRANSLATED_AT, thick(rows)),
    ...drawn(
      "earlier",
      "idle",
      { x: TRANSLATED_AT + POST, y: HEIGHT - thick(earlier) },
      { x: WIDTH - POST, y: Math.max(0, same + thick(held_back) - thick(earlier)) },
      thick(earlier),
    ),
    ...stay("inserted", "ok", inserted, TRANSLATED_AT + POST, WIDTH - POST, 0),
    ...stay("updated", "run", updated, TRANSLATED_AT + POST, WIDTH - POST, added),
    ...stay("unchanged", "idle", unchanged, TRANSLATED_AT + POST, WIDTH - POST, changed),
    ...leave("held back", "warn", held_back, TRANSLATED_AT + POST, same),
    ...post("merged", WIDTH - POST, thick(inserted + updated + unchanged)),
  ];
}

const post = (key: string, x: number, height: number): Band[] =>
  height > 0
    ? [{ key, tone: "ok", isPost: true, isBelow: false, path: `M${x} 0h${POST}v${round(height)}h${-POST}z` }]
    : [];

/** A band of one thickness whose edges are drawn from one end to the other as curves without a kink. */
function drawn(key: string, tone: Tone, from: Edge, to: Edge, thickness: number): Band[] {
  if (thickness === 0) return [];
  const middle = round((from.x + to.x) / 2);
  const [y0, y1] = [round(from.y), round(to.y)];
  const [below0, below1] = [round(from.y + thickness), round(to.y + thickness)];
  const path =
    `M${from.x} ${y0}C${middle} ${y0} ${middle} ${y1} ${to.x} ${y1}V${below1}` +
    `C${middle} ${below1} ${middle} ${below0} ${from.x} ${below0}z`;
  return [{ key, tone, path, isPost: false, isBelow: y0 !== y1 }];
}

const round = (value: number): number => Math.round(value * 100) / 100;
