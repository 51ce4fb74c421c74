/** Which part of its horizontal axis a chart shows, and how keys and the wheel change that. */

export type AxisRange = { from: number; to: number };

/** What of a chart's width the vertical axis and the space at the right take, px. */
const besides = 60;
/** The core gives no more at once. */
export const mostColumns = 4096;

/** How many columns of data a chart of this width draws: one a pixel. */
export function columnsFor(width: number): number {
  return Math.max(1, Math.min(mostColumns, Math.round(width) - besides));
}

/** The range `factor` times as wide, in which `place` stays where it is. */
export function zoomed({ from, to }: AxisRange, factor: number, place: number): AxisRange {
  return { from: place - (place - from) * factor, to: place + (to - place) * factor };
}

/** The range moved on by a share of its width. */
export function moved({ from, to }: AxisRange, share: number): AxisRange {
  const by = (to - from) * share;
  return { from: from + by, to: to + by };
}

/** A range moved into the whole one, where that is known; null where it is no smaller. */
export function within(range: AxisRange, whole: AxisRange | null): AxisRange | null {
  if (!whole) return range;
  const width = range.to - range.from;
  if (width >= whole.to - whole.from) return null;
  const from = Math.min(Math.max(range.from, whole.from), whole.to - width);
  return { from, to: from + width };
}

const keyZoom = 2;
const keyStep = 0.25;
/** Change of the logarithm of the width for each pixel of a wheel. */
const wheelZoom = 0.003;

export type ChartWindowOptions = {
  /** What is there now; null before there is a chart. */
  shown(): AxisRange | null;
  /** All there is; null where it is not known. */
  whole(): AxisRange | null;
  /** Where the pointer is on the axis. */
  placeAt(clientX: number): number;
  /** Null for all there is. */
  onWindow(window: AxisRange | null): void;
};

/**
 * Lets a chart be zoomed and moved: by keys while it has the focus (+ and − zoom, 0 shows all,
 * arrows move), and by the wheel with Ctrl (zoom, as a pinch is) or Shift (move, as a sideways
 * swipe is). Without these the wheel scrolls the page. Returns what ends it.
 */
export function listenForWindow(frame: HTMLElement, options: ChartWindowOptions): () => void {
  const { shown, whole, placeAt, onWindow } = options;
  const end = new AbortController();
  let next: AxisRange | null | undefined;
  let waiting = 0;

  /** At most once a frame, however fast a wheel turns. */
  function set(window: AxisRange | null): void {
    next = window;
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      if (next !== undefined) onWindow(next);
      next = undefined;
    });
  }

  function change(event: Event, by: (range: AxisRange) => AxisRange): void {
    const range = next ?? shown();
    if (!range) return;
    event.preventDefault();
    const window = by(range);
    // Narrower than numbers tell apart.
    if (!(window.to > window.from)) return;
    set(within(window, whole()));
  }

  const keys: Record<string, (event: Event) => void> = {
    "+": (event) => change(event, (range) => zoomed(range, 1 / keyZoom, middleOf(range))),
    "-": (event) => change(event, (range) => zoomed(range, keyZoom, middleOf(range))),
    "0": (event) => {
      event.preventDefault();
      set(null);
    },
    ArrowLeft: (event) => change(event, (range) => moved(range, -keyStep)),
    ArrowRight: (event) => change(event, (range) => moved(range, keyStep)),
  };

  frame.tabIndex = 0;
  frame.setAttribute("aria-keyshortcuts", "+ - 0 ArrowLeft ArrowRight");
  frame.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      keys[event.key === "=" ? "+" : event.key]?.(event);
    },
    { signal: end.signal },
  );
  frame.addEventListener(
    "wheel",
    (event) => {
      if (event.ctrlKey) {
        const factor = Math.exp(event.deltaY * wheelZoom);
        change(event, (range) => zoomed(range, factor, placeAt(event.clientX)));
        return;
      }
      const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      const pixels = event.deltaX === 0 ? event.deltaY : event.deltaX;
      if (isSideways) change(event, (range) => moved(range, pixels / frame.clientWidth));
    },
    { signal: end.signal, passive: false },
  );
  return () => {
    cancelAnimationFrame(waiting);
    end.abort();
  };
}

function middleOf({ from, to }: AxisRange): number {
  return (from + to) / 2;
}
