/** Does what many charts have to do at the same time one after the other: no frame gets long. */
import { useEffect, useRef, useState } from "react";

const waiting = new Map<object, () => void>();
let frame = 0;

/** Does it in one of the next frames, instead of what the same owner was waiting with. */
export function inTurn(owner: object, work: () => void): void {
  waiting.set(owner, work);
  frame ||= requestAnimationFrame(next);
}

/** Forgets what an owner was waiting with. */
export function notInTurn(owner: object): void {
  waiting.delete(owner);
}

function next(): void {
  frame = 0;
  for (const [owner, work] of waiting) {
    waiting.delete(owner);
    work();
    break;
  }
  if (waiting.size > 0) frame = requestAnimationFrame(next);
}

/** A value that many get anew at the same time: each takes it over in a frame of its own. */
export function useInTurn<T>(value: T): T {
  const [taken, setTaken] = useState(value);
  const owner = useRef({});
  useEffect(() => {
    const { current } = owner;
    if (value !== taken) inTurn(current, () => setTaken(value));
    return () => notInTurn(current);
  }, [value, taken]);
  return taken;
}
