/** What the list of rows asks of its scroller, without having the page laid out at once: that is what a phone is longest busy with. */
import { elementScroll, type Rect, type Virtualizer } from "@tanstack/react-virtual";

/** The size, each time after the browser has laid the page out. */
export function observeSize(
  { scrollElement }: Virtualizer<HTMLDivElement, Element>,
  tell: (size: Rect) => void,
): () => void {
  const observer = new ResizeObserver(([entry]) => {
    const box = entry?.borderBoxSize[0];
    if (box) tell({ width: Math.round(box.inlineSize), height: Math.round(box.blockSize) });
  });
  if (scrollElement) observer.observe(scrollElement);
  return () => observer.disconnect();
}

/** Where it stands already it need not go: a list begins at its top. */
export const scrollUnlessThere: typeof elementScroll = (offset, options, instance) => {
  if (offset + (options.adjustments ?? 0) !== (instance.scrollOffset ?? 0))
    elementScroll(offset, options, instance);
};
