import { type Summary } from '../formats/summary.js';
import {
  type AtlasKind,
  familyOf,
  isMembers,
  type Members,
  membersIn,
  numberIn,
  orAbsent,
  textIn,
} from './common.js';
import { type DigAnswer, readDig } from './dig-message.js';
import { dnsMessageMembers } from './dns.js';
import { NO_PACKETS } from './ping.js';

/** Packets that a Globalping probe sends to a hop that is silent. */
const ATTEMPTS = 2;
const LOST: Members = { x: '*' };
const METHODS: Readonly<Record<string, string>> = { TCP: 'TCP', UDP: 'UDP' };

/**
 * A test of a Globalping probe that was done.
 * @param test an entry of the format `globalping`: target, measurement as it was sent, result as it came
 * @param figures its entry in the summary, which has the figures that the platform shows
 * @returns undefined: it has failed, or is none of these kinds
 */
export function globalpingMembers(kind: AtlasKind, test: Members, figures: Summary): Members | undefined {
  const [result, measurement] = [test['result'], test['measurement']];
  if (!isMembers(result) || !isMembers(measurement) || result['status'] !== 'finished') return undefined;
  switch (kind) {
    case 'ping':
      return pingOf(measurement, result, figures);
    case 'traceroute':
      return traceOf(measurement, result, figures);
    case 'http':
      return httpOf(measurement, figures);
    case 'dns':
      return dnsOf(measurement, result, figures);
    default:
      return undefined;
  }
}

function whereTo(result: Members): Members {
  const address = textIn(result, 'resolvedAddress');
  return { af: familyOf(address), dst_addr: address };
}

/** Which of the packets were lost such a probe does not say: they stand behind those that were answered. */
function pingOf(measurement: Members, result: Members, figures: Summary): Members {
  const [sent, received] = ['sent', 'received'].map((name) => numberIn(figures, name) ?? 0) as [
    number,
    number,
  ];
  const answers = membersIn(result, 'timings').map((timing) => ({
    rtt: numberIn(timing, 'rtt'),
    ttl: numberIn(timing, 'ttl'),
  }));
  return {
    ...whereTo(result),
    proto: METHODS[textIn(measurement, 'protocol') ?? ''] ?? 'ICMP',
    ...NO_PACKETS,
    ttl: answers[0]?.ttl,
    ...{ sent, rcvd: received },
    min: numberIn(figures, 'rtt_min_ms') ?? -1,
    avg: numberIn(figures, 'rtt_avg_ms') ?? -1,
    max: numberIn(figures, 'rtt_max_ms') ?? -1,
    result: [...answers, ...Array.from({ length: Math.max(0, sent - received) }, () => LOST)],
  };
}

/** As far as the destination: what stands behind it is the same again. */
function traceOf(measurement: Members, result: Members, figures: Summary): Members {
  const hops = membersIn(result, 'hops').slice(0, numberIn(figures, 'hop_count'));
  return {
    ...whereTo(result),
    proto: METHODS[textIn(measurement, 'protocol') ?? ''] ?? 'ICMP',
    paris_id: 1,
    result: hops.map((hop, index) => {
      const from = textIn(hop, 'resolvedAddress');
      const replies = membersIn(hop, 'timings').map((timing) => ({ from, rtt: numberIn(timing, 'rtt') }));
      const silent = Array.from({ length: ATTEMPTS }, () => LOST);
      return { hop: index + 1, result: from === undefined || replies.length === 0 ? silent : replies };
    }),
  };
}

function httpOf(measurement: Members, figures: Summary): Members {
  const url = textIn(figures, 'url') ?? '';
  const address = textIn(figures, 'address');
  const [total, resolving] = [numberIn(figures, 'total_ms'), numberIn(figures, 'resolve_ms')];
  return {
    uri: url,
    ttr: resolving,
    dst_name: URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : undefined,
    result: [
      {
        ...{ af: familyOf(address), method: textIn(figures, 'method'), dst_addr: address },
        res: orAbsent(numberIn(figures, 'status')),
        rt: total === undefined ? undefined : Math.round((total - (resolving ?? 0)) * 1000) / 1000,
        ver: textIn(measurement, 'protocol') === 'HTTP2' ? '2.0' : undefined,
        ttc: numberIn(figures, 'connect_ms'),
        ttfb: numberIn(figures, 'first_byte_ms'),
      },
    ],
  };
}

function dnsOf(measurement: Members, result: Members, figures: Summary): Members {
  const [answer] = readDig(textIn(result, 'rawOutput') ?? '');
  const resolver = textIn(result, 'resolver');
  return {
    af: familyOf(isAddress(resolver) ? resolver : answer?.server),
    dst_addr: isAddress(resolver) ? resolver : undefined,
    proto: METHODS[textIn(measurement, 'protocol') ?? ''] ?? 'UDP',
    result: {
      ...(answer && answerOf(answer)),
      rt: numberIn(figures, 'rtt_ms'),
      ANCOUNT: answer?.counts[1] ?? numberIn(figures, 'answers'),
    },
  };
}

/** @param text that dig printed for a classic probe @returns a result for each answer in it */
export function digMembers(text: string, resolver: string | undefined): Members[] {
  return readDig(text).map((answer) => ({
    ...{ af: familyOf(answer.server), dst_addr: answer.server, dst_name: resolver, proto: answer.transport },
    result: answerOf(answer),
  }));
}

function answerOf({ id, counts, size, rttMs, message }: DigAnswer): Members {
  const [QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT] = counts;
  const said = { ID: id, QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT };
  return { ...said, ...(message && dnsMessageMembers(message)), size: size ?? message?.length, rt: rttMs };
}

function isAddress(text: string | undefined): boolean {
  return text !== undefined && /^[\da-f.:]+$/i.test(text) && /[.:]/.test(text);
}
