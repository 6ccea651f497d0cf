/**
 * A promise that may reject before anybody waits for it, while what has asked for it does something else: Node ends the process for a
 * rejection that nobody handles. Who waits for it later gets the rejection all the same.
 */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
