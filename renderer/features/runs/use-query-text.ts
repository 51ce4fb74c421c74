import { useCallback, useEffect, useRef, useState } from "react";

/** Wait after the last key before the address is changed, ms: that costs more than asking the core. */
const pause = 250;
/** Changes of the address that may be on their way at once. */
const mostOnTheWay = 8;

type Typed = {
  text: string;
  /** What stood in the address when it was last looked at. */
  over: string;
  /** What was written to the address since; it comes there a little later. */
  written: readonly string[];
};

/**
 * The query that is shown: at once what is typed, which the address follows; and what the address says
 * when it is changed from elsewhere, such as by going back.
 */
export function useQueryText(
  inAddress: string,
  write: (query: string) => void,
): { query: string; setQuery(query: string): void; forget(): void } {
  const [typed, setTyped] = useState<Typed | null>(null);
  const timer = useRef<number | undefined>(undefined);
  if (typed !== null && typed.over !== inAddress)
    setTyped(typed.written.includes(inAddress) ? { ...typed, over: inAddress } : null);
  const latest = useRef({ inAddress, write });
  useEffect(() => {
    latest.current = { inAddress, write };
  });
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const setQuery = useCallback((text: string) => {
    setTyped((before) => ({
      text,
      over: before?.over ?? latest.current.inAddress,
      written: before?.written ?? [],
    }));
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      setTyped(
        (before) =>
          before && { ...before, written: [...before.written, text].slice(-mostOnTheWay) },
      );
      latest.current.write(text);
    }, pause);
  }, []);
  /** What was typed counts no more: the address is about to say something else. */
  const forget = useCallback(() => {
    window.clearTimeout(timer.current);
    setTyped(null);
  }, []);
  return { query: typed?.text ?? inAddress, setQuery, forget };
}
