/** Moving from line to line: of a list the lines, of a table the first thing in each row that can be pressed. */

// Of a grid each cell is moved to by the arrows already.
const LINES = "main summary, main table:not([role=grid]) tbody tr";
const PRESSED = "a[href], button, input, summary";

export function step(by: 1 | -1): void {
  const lines = [...document.querySelectorAll<HTMLElement>(LINES)].flatMap((line) => {
    const pressed = line.tagName === "SUMMARY" ? line : line.querySelector<HTMLElement>(PRESSED);
    return pressed ?? [];
  });
  const at = lines.indexOf(document.activeElement as HTMLElement);
  lines[at < 0 ? 0 : at + by]?.focus();
}

export function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
  field?.focus();
  field?.select();
  return field !== null;
}
