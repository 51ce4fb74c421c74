import { useEffect, useState } from "react";

/** What changes sooner is not asked for, ms. */
const pause = 80;

/** A value once it has stayed the same for a moment: for what is asked of the core by it. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
