import { type z } from 'zod';
import { type ntpDocument } from '@pladmed/protocol';
import { familyOf, type Members, NTP_EPOCH_S, orAbsent } from './common.js';

type NtpEntry = z.infer<(typeof ntpDocument)['entry']>;

/** RFC 5905, figure 9: the last minute of the day has 61 or 59 seconds. */
const LEAPS = ['no', '61', '59', 'unknown'];

/** @param entries all questions to one server, at least one */
export function ntpMembers(entries: readonly [NtpEntry, ...NtpEntry[]]): Members {
  const [first] = entries;
  const answered = entries.find(({ stratum }) => stratum !== null);
  const samples = entries.map(sampleOf);
  const hasTime = samples.some((sample) => 'rtt' in sample);
  const isSilent = entries.every(({ error }) => error === 'timeout');
  return {
    af: familyOf(first.address),
    dst_addr: first.address,
    dst_name: first.destination,
    ttr: orAbsent(first.resolve_ms),
    proto: 'UDP',
    ...(answered && saidBy(answered)),
    result: samples,
    ...(!hasTime &&
      !isSilent && { err: entries.map(({ error }) => error).find((text) => text !== 'timeout') }),
  };
}

/** What the server says of itself. */
function saidBy(entry: NtpEntry): Members {
  return {
    li: entry.leap === null ? undefined : LEAPS[entry.leap],
    mode: 'server',
    version: orAbsent(entry.version),
    stratum: orAbsent(entry.stratum),
    poll: secondsOf(entry.poll),
    precision: secondsOf(entry.precision),
    'root-delay': orAbsent(secondsIn(entry.root_delay_ms)),
    'root-dispersion': orAbsent(secondsIn(entry.root_dispersion_ms)),
    'ref-id': orAbsent(entry.reference_id),
    'ref-ts': entry.reference_time === null ? undefined : stamp(ntpMs(entry.reference_time)),
  };
}

/** NTP has them as powers of two. */
function secondsOf(power: number | null | undefined): number | undefined {
  return power === null || power === undefined ? undefined : 2 ** power;
}

/** One question. The stamps of the server are not kept: they are laid where offset and delay say that they were. */
function sampleOf({ sent_at, delay_ms, offset_ms, error }: NtpEntry): Members {
  if (delay_ms === null || offset_ms === null)
    return error === 'timeout' ? { x: '*' } : { error: error ?? 'no time' };
  const [rtt, ahead] = [secondsIn(delay_ms), secondsIn(offset_ms)];
  const originMs = ntpMs(sent_at);
  const middle = stamp(originMs + delay_ms / 2 + offset_ms);
  return {
    rtt,
    // Atlas states the probe's clock against the server's
    offset: ahead === 0 ? 0 : -ahead,
    'origin-ts': stamp(originMs),
    'receive-ts': middle,
    'transmit-ts': middle,
    'final-ts': stamp(originMs + delay_ms),
  };
}

/** To the nanosecond: digits behind it come of the arithmetic, and were not measured. */
function secondsIn<Ms extends number | null>(ms: Ms): Ms {
  return (ms === null ? null : Number((ms / 1000).toFixed(9))) as Ms;
}

/** @returns milliseconds since 1900 */
function ntpMs(time: string): number {
  return Date.parse(time) + NTP_EPOCH_S * 1000;
}

/** To the microsecond, which is what a number has room for that counts seconds from 1900. */
function stamp(ms: number): number {
  return Number((ms / 1000).toFixed(6));
}
