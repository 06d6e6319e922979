/** Which rows of a list of any length are drawn, and where; the bar beside it stands for the whole list. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { barOf, type Heights, isStuck, type Place, scrolled, TOP } from "./tall";

/** So many more than are in view, above and below: what is scrolled in is there already. */
const SPARE = 16;
/** After such a pause nobody scrolls, and the bar is set right. */
const PAUSE_MS = 200;
const FIRST_VIEW_PX = 480;

interface Drawn {
  firstInView: number;
  lastInView: number;
  first: number;
  /** Not drawn any more. */
  end: number;
  offsetPx: number;
}

function drawnAt({ topPx, offsetPx }: Place, heights: Heights, viewPx: number): Drawn {
  const firstInView = heights.indexAt(topPx);
  const lastInView = heights.indexAt(topPx + viewPx - 1);
  return {
    firstInView,
    lastInView,
    first: Math.max(0, firstInView - SPARE),
    end: Math.min(heights.count, lastInView + 1 + SPARE),
    offsetPx,
  };
}

const isSame = (a: Drawn, b: Drawn) =>
  a.firstInView === b.firstInView &&
  a.lastInView === b.lastInView &&
  a.end === b.end &&
  a.offsetPx === b.offsetPx;

export function useTallList(heights: Heights, onScrolled: (topPx: number) => void) {
  const scroller = useRef<HTMLDivElement>(null);
  const place = useRef(TOP);
  const [viewPx, setViewPx] = useState(FIRST_VIEW_PX);
  const [drawn, setDrawn] = useState(() => drawnAt(TOP, heights, FIRST_VIEW_PX));

  const draw = useCallback(() => {
    const next = drawnAt(place.current, heights, viewPx);
    setDrawn((before) => (isSame(before, next) ? before : next));
  }, [heights, viewPx]);

  /** Set the bar to where the list is. */
  const align = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const { topPx } = place.current;
    element.scrollTop = barOf(topPx, heights, viewPx);
    // Read back: it may have been rounded.
    place.current = { topPx, offsetPx: topPx - element.scrollTop };
    draw();
  }, [heights, viewPx, draw]);

  const goTo = useCallback(
    (topPx: number) => {
      const most = Math.max(0, heights.totalPx - viewPx);
      place.current = { topPx: Math.max(0, Math.min(most, topPx)), offsetPx: 0 };
      align();
    },
    [heights, viewPx, align],
  );

  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(pause.current), []);
  const onScroll = useCallback(() => {
    const barPx = scroller.current?.scrollTop ?? 0;
    place.current = scrolled(place.current, barPx, heights, viewPx);
    // In this frame: what is drawn in the next one would show nothing in this.
    flushSync(draw);
    onScrolled(place.current.topPx);
    clearTimeout(pause.current);
    if (isStuck(place.current, barPx, heights, viewPx)) align();
    else if (heights.totalPx > heights.boxPx) pause.current = setTimeout(align, PAUSE_MS);
  }, [heights, viewPx, draw, align, onScrolled]);

  useLayoutEffect(draw, [draw]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setViewPx(element.clientHeight));
    observer.observe(element);
    setViewPx(element.clientHeight);
    return () => observer.disconnect();
  }, []);

  return { scroller, drawn, onScroll, goTo };
}
