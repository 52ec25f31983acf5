/** Call now, or as soon as `ms` have passed since the last call; calls in between become one. */
export function atMost(call: () => void, ms: number): () => void {
  let last = Number.NEGATIVE_INFINITY;
  let planned = false;
  const run = () => {
    planned = false;
    last = Date.now();
    call();
  };
  return () => {
    if (planned) return;
    const wait = last + ms - Date.now();
    if (wait <= 0) {
      run();
      return;
    }
    planned = true;
    setTimeout(run, wait);
  };
}
