/** Work of a server that is done again and again while it runs, one round at a time. */
export class PeriodicTask {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  /** @param round must not reject: what fails is its own to tell */
  constructor(private readonly round: () => Promise<void>) {}

  /** Begins a round every so often, from one period on. It does not keep the process alive. */
  every(ms: number): void {
    this.timer = setInterval(() => {
      this.begin();
    }, ms).unref();
  }

  /** Begins a round now, unless one is under way. */
  begin(): void {
    void this.run();
  }

  /** The same. @returns when that round has ended */
  run(): Promise<void> {
    this.running ??= this.round().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Begins no more by itself; a round that is under way goes on. */
  cancel(): void {
    clearInterval(this.timer);
  }

  /** Begins no more by itself. @returns when the round that is under way has ended */
  async stop(): Promise<void> {
    this.cancel();
    await this.running;
  }
}
