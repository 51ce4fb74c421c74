/** Lets one caller wait for calls of `wake`, which are remembered until then, or the signal. */
export function createWaiter(signal: AbortSignal | undefined) {
  let awake = false;
  let resolve = () => {};
  const wake = () => {
    awake = true;
    resolve();
  };
  signal?.addEventListener("abort", wake);
  return {
    wake,
    async woken(): Promise<void> {
      if (!awake && !signal?.aborted) await new Promise<void>((done) => (resolve = done));
      awake = false;
    },
    end: () => signal?.removeEventListener("abort", wake),
  };
}
