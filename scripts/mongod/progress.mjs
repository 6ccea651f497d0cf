/** Passes on the first call and then at most one in `intervalMs`; a call with done = total always. */
export function every(intervalMs, show, now = () => performance.now()) {
  let next = -Infinity;
  return (done, total) => {
    if (now() >= next || done === total) {
      next = now() + intervalMs;
      show(done, total);
    }
  };
}

/** "12.3 of 40.2 MB"; @param total 0 when it is not known */
export function progressText(done, total) {
  const megabytes = (bytes) => (bytes / 1_000_000).toFixed(1);
  return total > 0 ? `${megabytes(done)} of ${megabytes(total)} MB` : `${megabytes(done)} MB`;
}
