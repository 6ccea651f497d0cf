import {
  decode,
  isAnswer,
  type PingRecord,
  type PingReply,
  StopReason,
  summarize,
  type TraceHop,
  type TraceRecord,
} from '@pladmed/warts';
import { failed, msText, rounded, type RunResult, type TestResult } from './test-result.js';

/** IP, ICMP and what ping(8) says of both: 84 bytes carry 56. */
const ICMP_HEADERS_BYTES = 28;
const ICMP6_HEADERS_BYTES = 48;
/** scamper's method of a TCP ping. */
const TCP_METHODS = [1, 2, 6, 7, 8, 9];

/** @returns a ping or a traceroute that scamper did, as Globalping's probes say it */
export function packetResult(raw: Buffer, run: RunResult): TestResult {
  for (const record of decode(raw).records) {
    if (record.type === 'ping') return pingResult(record, run.target);
    if (record.type === 'trace') return traceResult(record, run.target);
  }
  const { error, note } = run.destinations?.[0] ?? {};
  if (error === 'unresolved')
    return failed(`${run.target}: ${note ?? 'the name could not be resolved'}`, 'resolver');
  return failed(`Nothing was sent to ${run.target}${error === undefined ? '' : `: ${error}`}.`, 'target');
}

function pingResult(ping: PingRecord, target: string): TestResult {
  const address = ping.dst.toString();
  const answers = ping.replies.filter((reply) => isAnswer(ping, reply));
  const figures = summarize(ping);
  const { sent, received } = figures;
  const loss = sent === 0 ? 100 : rounded(((sent - received) / sent) * 100);
  return {
    status: 'finished',
    rawOutput: pingText(ping, target, answers),
    resolvedAddress: address,
    resolvedHostname: target,
    timings: answers.map(({ rtt_us, ttl }) => ({ rtt: rttOf(rtt_us), ...(!isTcp(ping) && { ttl }) })),
    stats: {
      min: figures.rtt_min_ms,
      avg: figures.rtt_avg_ms,
      max: figures.rtt_max_ms,
      total: sent,
      rcv: received,
      drop: sent - received,
      loss,
    },
  };
}

/** In the words of ping(8) of iputils, which clients read. */
function pingText(ping: PingRecord, target: string, answers: readonly PingReply[]): string {
  const address = ping.dst.toString();
  const headers = ping.dst.isIPv6 ? ICMP6_HEADERS_BYTES : ICMP_HEADERS_BYTES;
  const payload = Math.max(0, ping.probe_size_bytes - headers);
  const first = isTcp(ping)
    ? `PING ${target} (${address}) on port ${ping.dport}.`
    : `PING ${target} (${address}) ${payload}(${ping.probe_size_bytes}) bytes of data.`;
  const lines = answers.map(({ from, seq, ttl, rtt_us }) => {
    const time = `time=${msText(rtt_us / 1000)} ms`;
    return isTcp(ping)
      ? `Reply from ${target} (${from.toString()}) on port ${ping.dport}: tcp_conn=${seq + 1} ${time}`
      : `${payload + 8} bytes from ${from.toString()}: icmp_seq=${seq + 1} ttl=${ttl} ${time}`;
  });
  const { sent, received, rtt_min_ms, rtt_avg_ms, rtt_max_ms, rtt_stddev_ms } = summarize(ping);
  const percent = sent === 0 ? 100 : Math.round(((sent - received) / sent) * 100);
  const seconds = answers.reduce((most, { seq, rtt_us }) => Math.max(most, seq * 1000 + rtt_us / 1000), 0);
  const times = [rtt_min_ms, rtt_avg_ms, rtt_max_ms, rtt_stddev_ms]
    .map((ms) => (ms ?? 0).toFixed(3))
    .join('/');
  return [
    first,
    ...lines,
    '',
    `--- ${target} ping statistics ---`,
    `${sent} packets transmitted, ${received} received, ${percent}% packet loss, time ${Math.round(seconds)}${isTcp(ping) ? ' ms' : 'ms'}`,
    ...(received > 0 ? [`rtt min/avg/max/mdev = ${times} ms`] : []),
  ].join('\n');
}

function isTcp({ method }: PingRecord): boolean {
  return TCP_METHODS.includes(method);
}

function traceResult(trace: TraceRecord, target: string): TestResult {
  const address = trace.dst.toString();
  const { hop_count } = summarize(trace);
  const byTtl = new Map<number, TraceHop[]>();
  for (const hop of trace.hops) byTtl.set(hop.probe_ttl, [...(byTtl.get(hop.probe_ttl) ?? []), hop]);
  const hops = Array.from({ length: hop_count }, (_each, index) => byTtl.get(index + 1) ?? []);
  const hasFailed = trace.hops.length === 0 && trace.stop_reason === StopReason.Error;
  if (hasFailed)
    return failed(`traceroute to ${target} (${address}): ${trace.error ?? 'nothing was sent'}`, 'internal');
  return {
    status: 'finished',
    rawOutput: traceText(trace, target, hops),
    resolvedAddress: address,
    resolvedHostname: target,
    hops: hops.map((answers) => ({
      resolvedAddress: answers[0]?.addr.toString() ?? null,
      resolvedHostname: answers[0]?.name ?? answers[0]?.addr.toString() ?? null,
      timings: answers.map(({ rtt_us }) => ({ rtt: rttOf(rtt_us) })),
    })),
  };
}

/** In the words of traceroute(8). */
function traceText(trace: TraceRecord, target: string, hops: readonly (readonly TraceHop[])[]): string {
  const first = `traceroute to ${target} (${trace.dst.toString()}), ${trace.hop_limit || 30} hops max, ${trace.probe_size_bytes} byte packets`;
  const lines = hops.map((answers, index) => {
    const [hop] = answers;
    const number = String(index + 1).padStart(2);
    if (hop === undefined) return `${number}  ${Array(Math.max(1, trace.attempts)).fill('*').join(' ')}`;
    const where = hop.addr.toString();
    return `${number}  ${hop.name ?? where} (${where})  ${answers.map(({ rtt_us }) => `${(rtt_us / 1000).toFixed(3)} ms`).join('  ')}`;
  });
  return [first, ...lines].join('\n');
}

function rttOf(us: number): number {
  return rounded(us / 1000);
}
