import type { Clock, Timer } from '../clock/clock.js';
import type { Families } from '../protocol/protocol.js';
import { findFamilies } from './routes.js';

/** A network that comes or goes is noticed within this. */
const LOOK_EVERY_MS = 10_000;

/** Knows over which families the host reaches others, and notices when that changes. */
export class FamilyWatch {
  private timer: Timer | null = null;
  private isOver = false;
  current: Families = { ipv4: false, ipv6: false };
  /** Called when something has changed. */
  onChange: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly find: () => Promise<Families> = findFamilies,
  ) {}

  /** Looks now, and every few seconds from now on. */
  async start(): Promise<void> {
    this.current = await this.find();
    this.lookLater();
  }

  stop(): void {
    this.isOver = true;
    this.timer?.cancel();
  }

  private lookLater(): void {
    if (this.isOver) return;
    this.timer = this.clock.setTimer(() => void this.look(), LOOK_EVERY_MS);
  }

  private async look(): Promise<void> {
    const { ipv4, ipv6 } = this.current;
    this.current = await this.find();
    this.lookLater();
    if (!this.isOver && (ipv4 !== this.current.ipv4 || ipv6 !== this.current.ipv6)) this.onChange();
  }
}
