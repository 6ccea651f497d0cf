import { monitorEventLoopDelay } from 'node:perf_hooks';
import { StormProbe } from './storm-probe.js';

/** What the bench tells this process, and what it hears. */
export type Order =
  | { order: 'enrol'; url: string; tokens: string[]; classic: number }
  /** all come within `spreadMs`. `cut`: their connections end first; `silent`: they stay, and nobody uses them any more */
  | { order: 'come'; spreadMs: number; how: 'first' | 'cut' | 'silent' };

export interface Arrived {
  /** milliseconds from the order until each was served, in order; and until the last status was acknowledged */
  served: number[];
  heardMs: number;
  /** why attempts failed, and how often */
  failures: Record<string, number>;
  /** how late this process was itself, at worst, ms: a load generator that is behind measures itself */
  ownDelayMs: number;
}

const probes: StormProbe[] = [];
const delay = monitorEventLoopDelay({ resolution: 5 });
let began = 0;
let served: number[] = [];
let heard = 0;
let failures: Record<string, number> = {};
let natives = 0;
let report: (() => void) | undefined;

process.on('message', (message: Order) => {
  if (message.order === 'enrol') enrol(message);
  else come(message);
});

function enrol({ url, tokens, classic }: Extract<Order, { order: 'enrol' }>): void {
  natives += tokens.length - classic;
  for (const [index, token] of tokens.entries()) {
    let hasCome = 0;
    const probe = new StormProbe(url, token, index < classic, {
      served: () => {
        if (hasCome === began) return;
        hasCome = began;
        served.push(performance.now() - began);
        report?.();
      },
      heard: () => {
        heard += 1;
        report?.();
      },
      failed: (why) => {
        failures[why] = (failures[why] ?? 0) + 1;
      },
    });
    probes.push(probe);
  }
}

function come({ spreadMs, how }: Extract<Order, { order: 'come' }>): void {
  const old = how === 'silent' ? probes.map((probe) => probe.fallSilent()) : [];
  if (how === 'cut') for (const probe of probes) probe.cut();
  served = [];
  heard = 0;
  failures = {};
  delay.reset();
  delay.enable();
  began = performance.now();
  report = () => {
    if (served.length < probes.length || heard < natives) return;
    report = undefined;
    const arrived: Arrived = {
      served,
      heardMs: performance.now() - began,
      failures,
      ownDelayMs: delay.max / 1e6,
    };
    process.send?.(arrived);
    for (const socket of old) socket?.terminate();
  };
  for (const [index, probe] of probes.entries()) probe.comeIn((index / probes.length) * spreadMs);
}
