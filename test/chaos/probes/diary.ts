import { createHash } from 'node:crypto';
import { type FailedItem, type ResultItem } from '../../../probe/src/protocol/protocol.js';
import { type Answer, type Outcome, type SentRun, type SentVersion } from '../audit/evidence.js';

export type Item = ResultItem | FailedItem;

/** What a probe did, and what it was told: the truth that the platform is held against. */
export class Diary {
  private readonly known = new Map<string, SentRun>();
  readonly complaints: string[] = [];
  /** results that were acknowledged as stored and are no lie, by operation */
  readonly acknowledged = new Map<string, number>();
  /** how often each answer came */
  readonly answers: Record<Answer, number> = { stored: 0, duplicate: 0, refused: 0, busy: 0 };
  sent = 0;
  lies = 0;

  get runs(): SentRun[] {
    return [...this.known.values()];
  }

  /** Before a result leaves. @returns what to do when the answer is here */
  sending(
    operation: string,
    code: string,
    outcome: Outcome,
    digest: string,
    lie?: 'storable' | 'forbidden',
  ): (answer: Answer) => void {
    const run = this.runOf(operation, code);
    const version = versionIn(run, outcome, digest, lie === 'forbidden');
    version.unanswered += 1;
    this.sent += 1;
    if (lie !== undefined) this.lies += 1;
    return (answer) => {
      version.unanswered -= 1;
      version.answers[answer] = (version.answers[answer] ?? 0) + 1;
      this.answers[answer] += 1;
      if (answer !== 'stored' || outcome !== 'stored' || lie !== undefined) return;
      this.acknowledged.set(operation, (this.acknowledged.get(operation) ?? 0) + 1);
    };
  }

  private runOf(operation: string, code: string): SentRun {
    const key = `${operation} ${code}`;
    const run = this.known.get(key) ?? { operation, code, versions: [] };
    this.known.set(key, run);
    return run;
  }
}

function versionIn({ versions }: SentRun, outcome: Outcome, digest: string, forbidden: boolean): SentVersion {
  const known = versions.find((each) => each.outcome === outcome && each.digest === digest);
  if (known !== undefined) return known;
  const version: SentVersion = { outcome, digest, answers: {}, unanswered: 0, forbidden };
  versions.push(version);
  return version;
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function outcomeOf(item: Item): { outcome: Outcome; digest: string } {
  return 'content' in item
    ? { outcome: 'stored', digest: digestOf(item.content) }
    : { outcome: 'failed', digest: item.reason };
}
