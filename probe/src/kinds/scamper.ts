import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { PROTOCOL } from '../protocol.js';
import { RunFailure, tooLarge } from '../runs/failure.js';
import { runProcess } from '../runs/process.js';
import type { RunContext } from './kind.js';

/** A command of scamper: its name and its options. Each value is a number, or a word from a list of ours. */
export interface ScamperCommand {
  name: 'ping' | 'trace';
  options: readonly (readonly [flag: string, value: number | ScamperMethod | undefined])[];
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
] as const;
export type ScamperMethod = (typeof SCAMPER_METHODS)[number];

/** Scamper reads its command as one string; nothing but these characters can be in it, whatever a server sent. */
const ALLOWED = /^[a-z]+( -[a-zA-Z] ([0-9]+|[a-z]+(-[a-z]+)*))*$/;

/** What a packet has when nobody says otherwise, with the IP header: 84 over IPv4, 104 over IPv6. */
export const DEFAULT_PACKET_BYTES = 104;

/** Its own ceiling (scamper -p). */
const MOST_PACKETS_PER_SECOND = 10_000;
/** Scamper waits for its rate before its first packet too: a run that keeps to its part by its own pace gets this one instead. */
const PROMPT_PACKETS_PER_SECOND = 1_000;

/**
 * The argument list of one scamper invocation.
 * @throws RunFailure `bad_params` if anything but options, numbers and known words would reach it
 */
export function scamperArguments(
  command: ScamperCommand,
  addresses: readonly string[],
  settings: { output: string; packetsPerSecond: number },
): string[] {
  const words = command.options.flatMap(([flag, value]) =>
    value === undefined ? [] : [`-${flag} ${value}`],
  );
  const text = [command.name, ...words].join(' ');
  if (!ALLOWED.test(text) || addresses.some((address) => isIP(address) === 0 || address.includes('%'))) {
    throw new RunFailure('bad_params', 'a parameter is not of its kind');
  }
  const rate = Math.min(MOST_PACKETS_PER_SECOND, Math.max(1, Math.floor(settings.packetsPerSecond)));
  return ['-O', 'warts', '-o', settings.output, '-p', String(rate), '-c', text, '-i', ...addresses];
}

/**
 * Runs scamper once for all destinations.
 * @param ownPace the most packets that these measurements send in a second, whatever rate they are given
 * @returns what it wrote, in warts
 * @throws RunFailure `tool_missing`, `tool_failed`; `timeout` is told by whoever raised the signal
 */
export async function runScamper(
  command: ScamperCommand,
  addresses: readonly string[],
  context: RunContext,
  ownPace = Number.POSITIVE_INFINITY,
): Promise<Buffer> {
  if (addresses.length === 0) throw new RunFailure('bad_params', 'there is no destination');
  const output = join(context.folder, 'warts');
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
  const { size } = await stat(output);
  if (size > PROTOCOL.maxBatchBytes) throw tooLarge(size);
  return readFile(output);
}
