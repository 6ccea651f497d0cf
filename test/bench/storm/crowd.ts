import { monitorEventLoopDelay } from 'node:perf_hooks';
import { StormProbe } from './storm-probe.js';

/** What the bench tells this process, and what it hears. */
export type Order =
  | { order: 'enrol'; url: string; tokens: string[]; classic: number }
  /** all come within `spreadMs`. `cut`: their connections end first; `silent`: they stay, and nobody uses them any more */
  | { order: 'come'; spreadMs: number; how: 'first' | 'cut' | 'silent' }
  | ReportOrder;

/** All send results, one after the other and each at its turn, whatever came of those before. */
export interface ReportOrder {
  order: 'report';
  operation: string;
  /** when the first run is due, milliseconds since 1970, and how many milliseconds lie between two */
  start: number;
  everyMs: number;
  /** results of all probes together */
  perSecond: number;
  seconds: number;
  /** in base64 */
  content: string;
}

export interface Reported {
  /** results that were acknowledged as stored */
  count: number;
  /** those whose probes were told to come again later: the server had too much to do. They are not sent again */
  busy: number;
  /** an answer that says something else */
  refused?: string;
  /** until the acknowledgement of one, milliseconds */
  p50Ms: number;
  p99Ms: number;
  mostMs: number;
  /** from the first result to the last acknowledgement */
  lastMs: number;
  /** as Arrived has it */
  ownDelayMs: number;
}

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

// the benchmark was interrupted
process.once('disconnect', () => process.exit());
process.on('message', (message: Order) => {
  if (message.order === 'enrol') enrol(message);
  else if (message.order === 'come') come(message);
  else void reportAll(message).then((reported) => process.send?.(reported));
});

async function reportAll(order: ReportOrder): Promise<Reported> {
  const { operation, start, everyMs, perSecond, seconds } = order;
  const content = Buffer.from(order.content, 'base64');
  const count = perSecond * seconds;
  const waited: number[] = [];
  let refused: string | undefined;
  let busy = 0;
  delay.reset();
  delay.enable();
  const first = performance.now();
  await new Promise<void>((resolve) => {
    let sent = 0;
    const send = (): void => {
      const due = Math.min(count, Math.floor(((performance.now() - first) / 1000) * perSecond));
      for (; sent < due; sent += 1) {
        const at = performance.now();
        const run = new Date(start + Math.floor(sent / probes.length) * everyMs).toISOString();
        probes[sent % probes.length]?.report(operation, run, content, (answer) => {
          if (answer.includes('"stored"')) waited.push(performance.now() - at);
          else if (answer.includes('"busy"')) busy += 1;
          else refused ??= answer;
          if (waited.length + busy === count || refused !== undefined) resolve();
        });
      }
      if (sent < count) setTimeout(send, 1);
    };
    send();
  });
  const lastMs = performance.now() - first;
  waited.sort((a, b) => a - b);
  const stored = waited.length;
  const at = (share: number) => waited[Math.ceil(share * stored) - 1] ?? NaN;
  return {
    ...{
      count: stored,
      busy,
      lastMs,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      mostMs: at(1),
      ownDelayMs: delay.max / 1e6,
    },
    ...(refused !== undefined && { refused }),
  };
}

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
