interface Amount {
  bytes: number;
  items: number;
}

/** What there was no room for; `share`: there was some, but not for one who has so much already. */
export type Lack = 'bytes' | 'items' | 'share';

/**
 * Room that many share. Nobody may have more of it than is left free, so k that take all they can get have 1/(k+1) each, and
 * the last 1/(k+1) is there for whoever comes next (Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory
 * packet switches", IEEE/ACM Transactions on Networking 6(2), 1998, with alpha = 1).
 */
export class SharedRoom {
  private readonly used: Amount = { bytes: 0, items: 0 };
  private readonly owned = new Map<string, Amount>();

  constructor(private readonly most: Amount) {}

  get bytes(): number {
    return this.used.bytes;
  }

  get items(): number {
    return this.used.items;
  }

  /** Takes room for one item, which has to be given back by leave(). @returns why there is none; undefined: it is taken */
  enter(who: string, bytes: number): Lack | undefined {
    const own = this.owned.get(who) ?? { bytes: 0, items: 0 };
    const lack = this.lackFor(own, bytes);
    if (lack !== undefined) return lack;
    change(this.used, 1, bytes);
    change(own, 1, bytes);
    this.owned.set(who, own);
    return undefined;
  }

  /** Takes more room for an item that is in, to be given back with it. @returns as enter() */
  widen(who: string, bytes: number): Lack | undefined {
    const own = this.owned.get(who);
    if (own === undefined) return 'items';
    const free = this.most.bytes - this.used.bytes;
    // as in enter(): what is alone, and the first one of each
    if (this.used.items > 1 && free < bytes) return 'bytes';
    if (own.items > 1 && own.bytes + bytes > free) return 'share';
    change(this.used, 0, bytes);
    change(own, 0, bytes);
    return undefined;
  }

  leave(who: string, bytes: number): void {
    const own = this.owned.get(who);
    if (own === undefined) return;
    change(this.used, -1, -bytes);
    change(own, -1, -bytes);
    if (own.items === 0) this.owned.delete(who);
  }

  private lackFor(own: Amount, bytes: number): Lack | undefined {
    // one that is larger than all the room is let in alone: it would never get in otherwise
    if (this.used.items === 0) return undefined;
    const free = { bytes: this.most.bytes - this.used.bytes, items: this.most.items - this.used.items };
    if (free.items < 1) return 'items';
    if (free.bytes < bytes) return 'bytes';
    // the first one of each needs no share: it is what the free room is kept for
    if (own.items === 0) return undefined;
    return own.bytes + bytes > free.bytes || own.items + 1 > free.items ? 'share' : undefined;
  }
}

function change(amount: Amount, items: number, bytes: number): void {
  amount.items += items;
  amount.bytes += bytes;
}
