import { isIP } from 'node:net';
import { type Format } from '../formats/format.js';
import { PRIVATE_REFUSAL } from '../formats/globalping.results.js';
import { FORMATS } from '../kinds/result-formats.js';
import { isSpecialAddress } from '../targets/special-addresses.js';
import { dnsResult } from './dns.js';
import { httpResult } from './http.js';
import { mtrResult } from './mtr.js';
import { packetResult } from './packets.js';
import { failed, type FailureSource, type RunResult, type TestResult } from './test-result.js';

export { type RunResult, type TestResult } from './test-result.js';

/** Larger results are shown in the platform's own API. */
const MOST_BYTES = 1024 * 1024;

const SOURCES: Readonly<Record<string, FailureSource>> = {
  unresolved: 'resolver',
  refused: 'target',
  stopped: 'internal',
};

/** A run that could not be done. */
export function failedRun({ reason, detail }: { reason: string; detail: string }): TestResult {
  const text = detail === '' ? `The test could not be done: ${reason}.` : detail;
  return failed(namesPrivate(text) ? PRIVATE_REFUSAL : text, SOURCES[reason] ?? 'internal');
}

/** Native probes say which address of a name they refuse: what a name has inside of a network is nobody's business. */
function namesPrivate(text: string): boolean {
  return text.split(/[^\w.:]+/).some((word) => isIP(word) !== 0 && isSpecialAddress(word));
}

/** @returns what a run brought in the form of Globalping's API, whatever kind of probe it was */
export async function shownResult(run: RunResult): Promise<TestResult> {
  const { outcome, failure, format, raw, type } = run;
  if (format === undefined || raw === undefined) {
    if (outcome === 'failed') return failedRun(failure ?? { reason: 'unknown', detail: '' });
    return failed('The result is not kept any more.', 'internal');
  }
  if (raw.length > MOST_BYTES) return failed('The result is too large to be shown here.', 'internal');
  try {
    if (format === 'globalping') return ownResult(raw);
    if (format === 'warts') return packetResult(raw, run);
    const entries = await entriesOf(FORMATS[format], raw);
    const shown = entries[0] && SHOWN[type]?.(entries[0], run);
    return shown ?? failed(run.decode_error ?? 'The result cannot be shown in this form.', 'internal');
  } catch (error) {
    // what a probe sends must not keep the others of its measurement from their readers
    return failed(
      `The result cannot be read: ${error instanceof Error ? error.message : 'unknown'}`,
      'internal',
    );
  }
}

type Shown = (entry: Record<string, unknown>, run: RunResult) => TestResult | undefined;

const SHOWN: Readonly<Record<string, Shown>> = { dns: dnsResult, http: httpResult, mtr: mtrResult };

/** What a probe of Globalping sent, as it came. */
function ownResult(raw: Buffer): TestResult {
  const { tests } = JSON.parse(raw.toString('utf8')) as { tests?: { result?: TestResult }[] };
  return tests?.[0]?.result ?? failed('The result is empty.', 'internal');
}

async function entriesOf(format: Format, raw: Buffer): Promise<Record<string, unknown>[]> {
  let text = '';
  for await (const piece of format.present(raw, 'json')) text += piece;
  const entries: unknown = JSON.parse(text);
  return Array.isArray(entries) ? (entries as Record<string, unknown>[]) : [];
}
