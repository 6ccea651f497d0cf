import { failed, rounded, type RunResult, type TestResult } from './test-result.js';

interface Reply {
  packet: number;
  address: string;
  rtt_ms: number;
}

interface Hop {
  sent: number;
  replies: Reply[];
}

/** @returns a path that a native probe has probed several times, as Globalping's probes say it */
export function mtrResult(report: Record<string, unknown>, { target }: RunResult): TestResult {
  const { address, error } = report;
  const found = Array.isArray(report['hops']) ? (report['hops'] as Hop[]) : [];
  if (typeof address !== 'string' || found.length === 0) {
    const why = typeof error === 'string' ? error : 'nothing was sent';
    return failed(`${target}: ${why}`, error === 'unresolved' ? 'resolver' : 'internal');
  }
  const hops = found.map((hop) => shownHop(hop));
  return {
    status: 'finished',
    rawOutput: mtrText(target, hops),
    resolvedAddress: address,
    resolvedHostname: target,
    hops,
  };
}

type ShownHop = ReturnType<typeof shownHop>;

function shownHop({ sent, replies }: Hop) {
  const first = new Map<number, Reply>();
  for (const reply of replies) if (!first.has(reply.packet)) first.set(reply.packet, reply);
  const answers = [...first.values()];
  const rtts = answers.map(({ rtt_ms }) => rtt_ms);
  const jitters = rtts.slice(1).map((rtt, index) => Math.abs(rtt - (rtts[index] ?? rtt)));
  const [rtt, jitter] = [figures(rtts), figures(jitters)];
  const address = answers[0]?.address ?? null;
  return {
    asn: [] as number[],
    resolvedAddress: address,
    resolvedHostname: address,
    stats: {
      ...{ min: rtt.min, max: rtt.max, avg: rtt.avg, stDev: rtt.stDev },
      ...{ jMin: jitter.min, jMax: jitter.max, jAvg: jitter.avg },
      total: sent,
      rcv: answers.length,
      drop: sent - answers.length,
      loss: sent === 0 ? 0 : rounded(((sent - answers.length) / sent) * 100),
    },
    timings: rtts.map((each) => ({ rtt: rounded(each) })),
  };
}

/** Null without a value, as Globalping's probes say it: a time of 0 would be one that was measured. */
function figures(values: readonly number[]) {
  if (values.length === 0) return { min: null, max: null, avg: null, stDev: null };
  const avg = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - avg) ** 2, 0) / values.length;
  const all = { min: Math.min(...values), max: Math.max(...values), avg, stDev: Math.sqrt(variance) };
  return { min: rounded(all.min), max: rounded(all.max), avg: rounded(all.avg), stDev: rounded(all.stDev) };
}

/** In the columns of mtr --report. */
function mtrText(target: string, hops: readonly ShownHop[]): string {
  const head = `Host${' '.repeat(36)}Loss% Drop Rcv  Avg  StDev  Javg`;
  const lines = hops.map(({ resolvedAddress, stats }, index) => {
    const host = `${String(index + 1).padStart(2)}. ${resolvedAddress ?? '(waiting for reply)'}`.padEnd(40);
    if (stats.rcv === 0) return host.trimEnd();
    const numbers = [stats.avg, stats.stDev, stats.jAvg].map((value) => (value ?? 0).toFixed(1).padStart(5));
    return `${host}${stats.loss.toFixed(1).padStart(4)}% ${String(stats.drop).padStart(4)} ${String(stats.rcv).padStart(3)} ${numbers.join(' ')}`;
  });
  return [`mtr to ${target}`, head, ...lines].join('\n');
}
