import { digestMessage, queryTypeName, readLabels, recordsOf } from '@pladmed/protocol';
import ipaddr from 'ipaddr.js';
import { answerTexts } from '../kinds/dns/answer-texts.js';
import { failed, type TestResult } from './test-result.js';

const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CH', 4: 'HS', 254: 'NONE', 255: 'ANY' };

interface Answer {
  name: string;
  type: string;
  ttl: number;
  class: string;
  value: string;
}

/** @returns the answer to a query of a native probe, as Globalping's probes say it */
export function dnsResult(query: Record<string, unknown>): TestResult {
  const { name, type, transport, rtt_ms, response, error } = query;
  const resolver = typeof query['resolver'] === 'string' ? query['resolver'] : '';
  const shown = isPrivate(resolver) ? 'private' : resolver;
  if (typeof response !== 'string' || typeof error === 'string') {
    const why = typeof error === 'string' ? error : 'no answer came';
    return failed(`;; communications error to ${shown}: ${why}`, 'resolver', { resolver: shown });
  }
  const message = Buffer.from(response, 'base64');
  const { rcode, rcodeName, flags, header } = digestMessage(message);
  const answers = answersOf(message);
  const total = Math.round(typeof rtt_ms === 'number' ? rtt_ms : 0);
  const lines = [
    `;; ->>HEADER<<- opcode: QUERY, status: ${rcodeName}, id: ${header.id}`,
    `;; flags: qr ${flags.join(' ')}; QUERY: ${header.questions}, ANSWER: ${header.answers}, AUTHORITY: ${header.authorities}, ADDITIONAL: ${header.additionals}`,
    '',
    ';; QUESTION SECTION:',
    `;${absolute(String(name))}\t\tIN\t${String(type)}`,
    ...(answers.length > 0 ? ['', ';; ANSWER SECTION:'] : []),
    ...answers.map((each) => [each.name, each.ttl, each.class, each.type, each.value].join('\t')),
    '',
    `;; Query time: ${total} msec`,
    `;; SERVER: ${shown} (${String(transport).toUpperCase()})`,
    `;; MSG SIZE  rcvd: ${message.length}`,
  ];
  return {
    status: 'finished',
    rawOutput: lines.join('\n'),
    statusCode: rcode,
    statusCodeName: rcodeName,
    resolver: shown,
    answers,
    timings: { total },
  };
}

function answersOf(message: Buffer): Answer[] {
  const values = [...answerTexts(message)];
  const records = [...recordsOf(message)].filter(({ section }) => section === 'answer');
  return records.map(({ nameAt, type, class: number, ttl }, index) => ({
    name: `${readLabels(message, nameAt).labels.map(String).join('.')}.`,
    type: queryTypeName(type),
    ttl,
    class: CLASSES[number] ?? `CLASS${number}`,
    value: values[index] ?? '',
  }));
}

function absolute(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}

/** Where a probe's own resolver stands is nobody's business. */
function isPrivate(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() !== 'unicast';
}
