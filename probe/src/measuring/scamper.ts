import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { decode, type WartsRecord } from '@pladmed/warts';
import { PROTOCOL } from '../protocol/protocol.js';
import { RunFailure, tooLarge } from '../protocol/failure.js';
import { runProcess } from '../programs/process.js';
import type { RunContext } from './kind.js';
import { destinationOf, type Target } from './targets.js';

/** A command of scamper: its name and its options. Each value is a number, a word from a list of ours, or 'on' for a switch. */
export interface ScamperCommand {
  name: 'ping' | 'trace';
  options: readonly (readonly [flag: string, value: number | ScamperMethod | 'on' | undefined])[];
}

export const SCAMPER_METHODS = [
  'icmp-echo',
  'icmp-time',
  'tcp-syn',
  'tcp-ack',
  'tcp-ack-sport',
  'udp',
  'udp-dport',
  'icmp-paris',
  'udp-paris',
  'tcp',
] as const;
export type ScamperMethod = (typeof SCAMPER_METHODS)[number];

/** Scamper reads its command as one string; nothing but these characters can be in it, whatever a server sent. */
const ALLOWED = /^[a-z]+( -[a-zA-Z]( ([0-9]+|[a-z]+(-[a-z]+)*))?)*$/;

/** What a packet has when nobody says otherwise, with the IP header: 84 over IPv4, 104 over IPv6. */
export const DEFAULT_PACKET_BYTES = 104;

/** Its own ceiling (scamper -p). */
const MOST_PACKETS_PER_SECOND = 10_000;
/** Scamper waits for its rate before its first packet too: a run that keeps to its part by its own pace gets this one instead. */
const PROMPT_PACKETS_PER_SECOND = 1_000;

/** What the system says, as scamper prints it (strerror(3), LC_ALL=C), and its word. */
const WORDS: Readonly<Record<string, string>> = {
  'Network is unreachable': 'ENETUNREACH',
  'No route to host': 'EHOSTUNREACH',
  'Permission denied': 'EACCES',
  'Operation not permitted': 'EPERM',
  'Invalid argument': 'EINVAL',
  'Cannot assign requested address': 'EADDRNOTAVAIL',
};
const NOT_SENT = 'nothing_sent';
/** Of what scamper says itself. */
const LONGEST_WORDS = 200;

/** An address to measure, and the number that its record gets. */
export interface Numbered {
  /** From 1. */
  userid: number;
  address: string;
}

/**
 * The argument list of one scamper invocation: a command for each address, so that each record has its number.
 * @throws RunFailure `bad_params` if anything but options, numbers and known words would reach it
 */
export function scamperArguments(
  command: ScamperCommand,
  addresses: readonly Numbered[],
  settings: { output: string; packetsPerSecond: number },
): string[] {
  const words = command.options.flatMap(([flag, value]) => {
    if (value === undefined) return [];
    return value === 'on' ? [`-${flag}`] : [`-${flag} ${value}`];
  });
  const text = [command.name, ...words].join(' ');
  const isWrong = ({ userid, address }: Numbered): boolean =>
    !Number.isInteger(userid) || isIP(address) === 0 || address.includes('%');
  if (!ALLOWED.test(text) || addresses.some(isWrong)) {
    throw new RunFailure('bad_params', 'a parameter is not of its kind');
  }
  const rate = Math.min(MOST_PACKETS_PER_SECOND, Math.max(1, Math.floor(settings.packetsPerSecond)));
  const commands = addresses.map(({ userid, address }) => `${text} -U ${userid} ${address}`);
  return ['-O', 'warts', '-o', settings.output, '-p', String(rate), '-I', ...commands];
}

/**
 * Runs scamper once for all destinations that the host has a route to, and tells what became of each.
 * @param ownPace the most packets that these measurements send in a second, whatever rate they are given
 * @returns what it wrote, in warts; the record of the destination in place n (from 1) has the `userid` n
 * @throws RunFailure `no_family`, `nothing_sent`, `tool_missing`, `tool_failed`; `timeout` is told by whoever raised the signal
 */
export async function runScamper(
  command: ScamperCommand,
  targets: readonly Target[],
  context: RunContext,
  ownPace = Number.POSITIVE_INFINITY,
): Promise<Buffer> {
  if (targets.length === 0) throw new RunFailure('bad_params', 'there is no destination');
  await context.targets.requireRoute(targets);
  const reachable = targets.flatMap(({ address, unreachable }, index) =>
    unreachable === null ? [{ userid: index + 1, address }] : [],
  );
  const output = join(context.folder, 'warts');
  const stderr = await invoke(command, reachable, output, context, ownPace);
  const { size } = await stat(output);
  if (size > PROTOCOL.maxBatchBytes) throw tooLarge(size);
  const written = await readFile(output);
  const errors = await wordsOfRoutes(errorsOf(reachable, written, stderr), reachable, context);
  if (errors.size === reachable.length) {
    const words = targets.map(({ unreachable }, index) => unreachable ?? errors.get(index + 1) ?? null);
    if (words.every((word) => word === 'no_family'))
      await context.targets.requireRoute(targets.map((target) => ({ ...target, unreachable: 'no_family' })));
    const said = stderr.trim();
    throw new RunFailure(NOT_SENT, `scamper sent nothing${said === '' ? '' : `: ${said}`}`);
  }
  context.onDestinations(
    targets.map((target, index) => destinationOf(target, errors.get(index + 1) ?? null)),
  );
  return written;
}

/** The word of an address that the host has no route to, or lost while scamper ran. */
async function wordsOfRoutes(
  errors: Map<number, string>,
  addresses: readonly Numbered[],
  { targets }: RunContext,
): Promise<Map<number, string>> {
  for (const { userid, address } of addresses) {
    const word = errors.get(userid);
    if (word === undefined) continue;
    errors.set(userid, (await targets.whyUnsent(address, word)) ?? word);
  }
  return errors;
}

/** @returns what it wrote to its standard error */
async function invoke(
  command: ScamperCommand,
  addresses: readonly Numbered[],
  output: string,
  context: RunContext,
  ownPace: number,
): Promise<string> {
  const lease = await context.packets.lease();
  const keepsToIt = ownPace <= lease.packetsPerSecond;
  const packetsPerSecond = Math.max(lease.packetsPerSecond, keepsToIt ? PROMPT_PACKETS_PER_SECOND : 0);
  const { code, signal, stderr } = await runProcess({
    program: context.scamper,
    args: scamperArguments(command, addresses, { output, packetsPerSecond }),
    cwd: context.folder,
    signal: context.signal,
  }).finally(() => {
    lease.giveBack();
  });
  context.signal.throwIfAborted();
  if (code !== 0) {
    const how = signal === null ? `with code ${code ?? '?'}` : `by ${signal}`;
    throw new RunFailure('tool_failed', `scamper ended ${how}${stderr === '' ? '' : `: ${stderr.trim()}`}`);
  }
  return stderr;
}

/**
 * Scamper ends with 0 also where it could not send: those that it has no record of, or one without a packet.
 * @returns by number why nothing was sent; of a file that cannot be read to its end nothing is said
 */
function errorsOf(addresses: readonly Numbered[], written: Buffer, stderr: string): Map<number, string> {
  const { records, error } = decode(written);
  if (error !== undefined && written.length > 0) return new Map();
  const measured = records.filter(isMeasured);
  const sent = new Set(measured.filter(hasSent).map(({ userid }) => userid));
  const recorded = new Map(measured.map((record) => [record.userid, record.error]));
  const words = wordsIn(stderr);
  const left = addresses.filter(({ userid }) => !sent.has(userid));
  return new Map(
    left.map(({ userid, address }) => [
      userid,
      words.get(address) ?? recorded.get(userid)?.slice(0, LONGEST_WORDS) ?? NOT_SENT,
    ]),
  );
}

type Measured = Extract<WartsRecord, { type: 'ping' | 'trace' }>;

function isMeasured(record: WartsRecord): record is Measured {
  return record.type === 'ping' || record.type === 'trace';
}

function hasSent(record: Measured): boolean {
  return (record.type === 'ping' ? record.sent : record.probe_count) > 0;
}

/**
 * Lines like `scamper_getsrc: connect to dst failed for 192.0.2.1: Network is unreachable`; since 20251020 the record has the reasons
 * of other kinds, too. @returns by address
 */
function wordsIn(stderr: string): Map<string, string> {
  const lines = stderr.matchAll(/ for ([\da-f.:]+): (.+)/gi);
  return new Map(
    [...lines].map(([, address = '', text = '']) => [
      address,
      WORDS[text.trim()] ?? text.trim().slice(0, LONGEST_WORDS),
    ]),
  );
}

const VERSION_TIMEOUT_MS = 10_000;

/**
 * Asks a scamper for its version: Debian's of 2021 tells it on standard error, today's on standard output.
 * @returns a date like `20211212`; null where it tells none, or cannot be run
 */
export async function scamperVersion(program: string): Promise<string | null> {
  const signal = AbortSignal.timeout(VERSION_TIMEOUT_MS);
  const told = await runProcess({ program, args: ['-v'], cwd: '/', signal, keepsOutput: true }).catch(
    () => null,
  );
  return told === null ? null : versionIn(told.stdout + told.stderr);
}

/** @param text as `scamper -v` prints it: `scamper version 20260420` */
export function versionIn(text: string): string | null {
  return /^scamper version (\d{8}[a-z]?)\b/m.exec(text)?.[1] ?? null;
}
