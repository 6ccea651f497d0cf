/** How much waits for a connection, and who waits until that is less. */
export class Flow {
  private waiting = 0;
  private waiters: (() => void)[] = [];

  /** What waited was handed to the transport. */
  drained(): void {
    this.waiting = 0;
    for (const resolve of this.waiters.splice(0)) resolve();
  }

  /**
   * Is told before something is sent.
   * @param most that may wait
   * @returns true when no more than that waits; false: nothing was taken for `patienceMs`
   */
  async send(characters: number, most: number, patienceMs: number): Promise<boolean> {
    this.waiting += characters;
    // what can be taken at once is taken while this waits for its turn
    await Promise.resolve();
    if (this.waiting <= most) return true;
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        resolve(false);
      }, patienceMs);
      this.waiters.push(() => {
        clearTimeout(late);
        resolve(true);
      });
    });
  }
}
