export type Bounds = { x: number; y: number; width: number; height: number };

export const smallestWindow = { width: 720, height: 480 };
const firstWindow = { width: 1360, height: 860 };
/** How much of a window's top must be on a screen so that it can be dragged, pixels. */
const grip = { width: 120, height: 32 };

/**
 * Where to open a window: where it was, made to fit, when that is still on one of the displays'
 * work areas; else in a size that fits the first, and the system chooses the place.
 */
export function fitBounds(saved: unknown, displays: readonly Bounds[]): Partial<Bounds> {
  const area = isBounds(saved) && displays.find((display) => canBeDragged(saved, display));
  if (!area) {
    const [first] = displays;
    return first ? sizeWithin(firstWindow, first) : firstWindow;
  }
  const { width, height } = sizeWithin(saved, area);
  return {
    x: Math.min(saved.x, area.x + area.width - grip.width),
    y: Math.max(saved.y, area.y),
    width,
    height,
  };
}

function sizeWithin(size: { width: number; height: number }, area: Bounds) {
  return {
    width: Math.min(Math.max(size.width, smallestWindow.width), area.width),
    height: Math.min(Math.max(size.height, smallestWindow.height), area.height),
  };
}

/** Whether enough of the window's title bar is within the area. */
function canBeDragged(window: Bounds, area: Bounds): boolean {
  const width = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x);
  const isBeside = width < grip.width;
  const isAbove = window.y < area.y - grip.height;
  return !isBeside && !isAbove && window.y <= area.y + area.height - grip.height;
}

function isBounds(value: unknown): value is Bounds {
  if (typeof value !== "object" || value === null) return false;
  const { x, y, width, height } = value as Record<string, unknown>;
  return [x, y, width, height].every((each) => Number.isSafeInteger(each));
}
