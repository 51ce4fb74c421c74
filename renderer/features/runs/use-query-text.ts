import { useCallback, useEffect, useRef, useState } from "react";

/** Wait after the last key before the address is changed, ms: that costs more than asking the core. */
const pause = 250;

/**
 * The query that is shown: at once what was typed, and the address's as soon as it has caught up or
 * was changed from elsewhere.
 */
export function useQueryText(
  inAddress: string,
  write: (query: string) => void,
): { query: string; setQuery(query: string): void; forget(): void } {
  const [typed, setTyped] = useState<{ text: string; over: string } | null>(null);
  const timer = useRef<number | undefined>(undefined);
  // What was typed counts over the address that it was typed over, and no other.
  if (typed !== null && typed.over !== inAddress) setTyped(null);
  const latest = useRef({ inAddress, write });
  useEffect(() => {
    latest.current = { inAddress, write };
  });
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const setQuery = useCallback((text: string) => {
    setTyped({ text, over: latest.current.inAddress });
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => latest.current.write(text), pause);
  }, []);
  /** What was typed counts no more: the address is about to say something else. */
  const forget = useCallback(() => {
    window.clearTimeout(timer.current);
    setTyped(null);
  }, []);
  return { query: typed?.text ?? inAddress, setQuery, forget };
}
