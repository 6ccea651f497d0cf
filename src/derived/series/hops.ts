import { type Summary } from '../../measurement/formats/summary.js';
import { Distribution } from './distribution.js';
import { countIn } from './numbers.js';
import { type PackReader, type PackWriter } from './packed.js';
import { Tally } from './tally.js';

/** TTLs from 1 that have figures; hops behind them have none. */
export const MOST_HOPS = 32;
/** Addresses of one TTL that are told apart, as a tally tells them. */
export const MOST_ADDRESSES = 16;

/** What some reports say of one TTL. */
export class Hop {
  /** packets to it, and those of them that were answered */
  sent = 0;
  received = 0;
  /** how many reports had which address answer first */
  readonly addresses = new Tally(MOST_ADDRESSES);
  /** of each answer, in microseconds */
  readonly rtts = new Distribution();

  reset(): void {
    this.sent = 0;
    this.received = 0;
    this.addresses.reset();
    this.rtts.reset();
  }

  absorb(reader: PackReader, withSquares: boolean): void {
    this.sent += reader.count();
    this.received += reader.count();
    this.addresses.absorb(reader);
    this.rtts.absorb(reader, withSquares);
  }

  write(writer: PackWriter): void {
    writer.count(this.sent);
    writer.count(this.received);
    this.addresses.write(writer);
    this.rtts.write(writer);
  }
}

/** What some reports of paths say of each of their hops. It is reused: a hop weighs 60 KB once it was met. */
export class Hops {
  /** by TTL from 1; those beyond `length` are of before */
  private readonly all: Hop[] = [];
  length = 0;

  /** @returns what is known of the hops, by TTL from 1 */
  list(): readonly Hop[] {
    return this.all.slice(0, this.length);
  }

  reset(): void {
    for (const hop of this.list()) hop.reset();
    this.length = 0;
  }

  /** @param rtts by TTL from 1: of each answer, in microseconds; undefined: they are not known */
  add({ hops }: Summary, rtts: readonly Uint32Array[] | undefined): void {
    if (!Array.isArray(hops)) return;
    const shown = (hops as (Readonly<Record<string, unknown>> | null)[]).slice(0, MOST_HOPS);
    for (const [index, each] of shown.entries()) {
      const { sent, received, address } = each ?? {};
      const hop = this.at(index);
      hop.sent += countIn(sent);
      hop.received += countIn(received);
      if (typeof address === 'string') hop.addresses.add(address, 1);
      for (const rtt of rtts?.[index] ?? []) hop.rtts.add(rtt);
    }
  }

  absorb(reader: PackReader, withSquares: boolean): void {
    // what was written before there were figures of hops ends here, and a reader reads 0 at the end
    const count = reader.count();
    for (let index = 0; index < count; index += 1) this.at(index).absorb(reader, withSquares);
  }

  write(writer: PackWriter): void {
    writer.count(this.length);
    for (const hop of this.list()) hop.write(writer);
  }

  private at(index: number): Hop {
    const hop = (this.all[index] ??= new Hop());
    this.length = Math.max(this.length, index + 1);
    return hop;
  }
}
