import { type Schemas } from '../api/client.js';
import { type Decoded, objectsOf, textOf } from './decoded.js';
import { bytes, ms, time } from './text.js';
import { headOf, type View } from './view.js';

export type Http = Extract<Schemas['HttpSummary'], { url: unknown }>;
export type Tls = Extract<Schemas['TlsSummary'], { handshake_ms: unknown }>;
export type Ntp = Extract<Schemas['NtpSummary'], { offset_ms: unknown }>;

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const BAR_WIDTH = 30;

/** A request: its status, then its phases in order, each beside its share of the whole. */
export function httpLines(request: Http, record: Decoded | undefined, view: View): string[] {
  const { colours } = view;
  const { status, error } = request;
  const tint = status === null || status >= 400 || error !== null ? colours.red : colours.green;
  // probes of other platforms do not count
  const read = 'body_bytes' in request ? request.body_bytes : null;
  const body = read === null ? '' : `, ${bytes(read)}${request.truncated === true ? ' and more' : ''}`;
  const location = textOf(record?.['location']);
  return [
    `${headOf(view)}: ${request.method} ${request.url} (${request.address ?? 'no address'}): ${tint(status === null ? 'no answer' : String(status))}${body}${problemOf(error)}`,
    ...(location === undefined ? [] : [`  location    ${location}`]),
    ...(request.tls_version === null
      ? []
      : [`  tls         ${request.tls_version}, ${trustOf(request.authorized, null, view)}`]),
    ...phases(
      [
        ['resolve', request.resolve_ms],
        ['connect', request.connect_ms],
        ['tls', request.tls_ms],
        ['first byte', request.first_byte_ms],
      ],
      request.total_ms,
    ),
  ];
}

/** A handshake: what was agreed on, who the server says it is, and for how long that holds. */
export function tlsLines(handshake: Tls, record: Decoded | undefined, view: View): string[] {
  const { colours } = view;
  const agreed = [handshake.version, handshake.cipher, handshake.alpn]
    .filter((part) => part !== null)
    .join(', ');
  return [
    `${headOf(view)}: ${handshake.destination} (${handshake.address}:${handshake.port}): ${agreed === '' ? colours.red('no handshake') : agreed}${problemOf(handshake.error)}`,
    ...(handshake.subject === null
      ? []
      : [
          `  certificate ${handshake.subject}`,
          `  issuer      ${handshake.issuer ?? '-'}`,
          `  trusted     ${trustOf(handshake.authorized, handshake.authorization_error, view)}`,
          `  valid       ${time(handshake.not_before)} to ${time(handshake.not_after)}, ${daysLeft(handshake.not_after, view)}`,
          ...chainLines(handshake, record),
        ]),
    ...phases(
      [
        ['resolve', handshake.resolve_ms],
        ['connect', handshake.connect_ms],
        ['handshake', handshake.handshake_ms],
      ],
      handshake.total_ms,
    ),
  ];
}

/** A time server: how far its clock is off the probe's, and how wrong that may be. */
export function ntpLine(exchange: Ntp, view: View): string {
  const { colours } = view;
  const who = `${headOf(view)}: ${exchange.destination} (${exchange.address})`;
  if (exchange.offset_ms === null) return `${who}: ${colours.red('no time')}${problemOf(exchange.error)}`;
  const sign = exchange.offset_ms < 0 ? '-' : '+';
  const offset = `${sign}${Math.abs(exchange.offset_ms).toFixed(3)} ± ${(exchange.error_ms ?? 0).toFixed(3)} ms`;
  return `${who}: ${colours.bold(offset)}, delay ${ms(exchange.delay_ms)} ms, stratum ${exchange.stratum ?? '-'}, reference ${exchange.reference_id ?? '-'}${problemOf(exchange.error)}`;
}

function problemOf(error: string | null): string {
  return error === null ? '' : `: ${error}`;
}

function trustOf(authorized: boolean | null, why: string | null, { colours }: View): string {
  if (authorized === null) return 'not known';
  return authorized ? colours.green('trusted') : colours.red(`not trusted${why === null ? '' : ` (${why})`}`);
}

function daysLeft(notAfter: string | null, { colours, now }: View): string {
  const left = Math.floor((Date.parse(notAfter ?? '') - now) / DAY_MS);
  if (Number.isNaN(left)) return 'end not known';
  if (left < 0) return colours.red(`over since ${-left} days`);
  const text = `${left} days left`;
  return left < SOON_DAYS ? colours.yellow(text) : colours.green(text);
}

/** The certificates in the order in which they were sent; those beside the chain say so. */
function chainLines({ chain_length }: Tls, record: Decoded | undefined): string[] {
  const sent = objectsOf(record?.['sent']);
  if (sent.length === 0) return chain_length === null ? [] : [`  chain       ${chain_length} certificates`];
  return sent.map(({ subject, in_chain }, index) => {
    const place = in_chain === null ? '  (not of the chain)' : '';
    return `  ${index === 0 ? 'chain' : '     '}     ${String(index + 1).padStart(2)} ${textOf(subject) ?? '?'}${place}`;
  });
}

/** One line for each phase that there was, with a bar where in the whole it lies. */
function phases(named: readonly (readonly [string, number | null])[], total: number | null): string[] {
  const known = named.flatMap(([name, length]) => (length === null ? [] : [{ name, length }]));
  const sum = known.reduce((all, { length }) => all + length, 0);
  const whole = Math.max(total ?? 0, sum);
  let before = 0;
  const lines = known.map(({ name, length }) => {
    const from = whole === 0 ? 0 : Math.round((before / whole) * BAR_WIDTH);
    before += length;
    const to = whole === 0 ? 0 : Math.round((before / whole) * BAR_WIDTH);
    const bar = ' '.repeat(from) + '█'.repeat(Math.max(to - from, from < BAR_WIDTH ? 1 : 0));
    return `  ${name.padEnd(11)} ${ms(length).padStart(7)} ms ${bar}`.trimEnd();
  });
  return total === null ? lines : [...lines, `  ${'total'.padEnd(11)} ${ms(total).padStart(7)} ms`];
}
