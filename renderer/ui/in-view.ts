import { type RefObject, useEffect, useState } from "react";

/** How far outside of what is seen a drawing is made ahead. */
const ahead = "400px";

/** Whether an element is in view or nearly: of hundreds of charts only these are drawn. */
export function useInView(element: RefObject<HTMLElement | null>): boolean {
  const [isInView, setInView] = useState(false);
  useEffect(() => {
    if (!element.current) return undefined;
    const observer = new IntersectionObserver(
      (entries) => setInView(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: ahead },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return isInView;
}
