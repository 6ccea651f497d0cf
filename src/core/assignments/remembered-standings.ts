import { LRUCache } from 'lru-cache';
import { type AccountChange, assignmentName, type Standing, standingAfter } from './run-account.js';

const MOST = 20_000;
/** Of more assignments than this the accounts are read: to compare each with what is known costs more than one command. */
const FEW = 4;

/**
 * What the accounts of assignments said when this server wrote to them last. A batch of results may be judged by them, which spares
 * reading them: the write that moves them finds only accounts that still say the same (RunAccountsRepository.countExpected).
 */
export class RememberedStandings {
  private readonly standings = new LRUCache<string, Standing>({ max: MOST });

  /** @param assignments by name, each once. @returns undefined: one of them is not known, or they are many */
  recall(assignments: ReadonlyMap<string, unknown>): Standing[] | undefined {
    if (assignments.size > FEW) return undefined;
    const found: Standing[] = [];
    for (const name of assignments.keys()) {
      const standing = this.standings.get(name);
      if (standing === undefined) return undefined;
      found.push(standing);
    }
    return found;
  }

  /** @param changes of these accounts, which are durable */
  note(standings: readonly Standing[], changes: readonly AccountChange[]): void {
    if (standings.length > FEW) {
      this.forget(standings.map(assignmentName));
      return;
    }
    const byName = new Map(changes.map((change) => [assignmentName(change), change]));
    for (const standing of standings) {
      const change = byName.get(assignmentName(standing));
      // lists are not compared: of one that was taken away and given back the account is read
      if (change !== undefined && standing.earlier === undefined)
        this.standings.set(assignmentName(standing), standingAfter(standing, change));
    }
  }

  forget(assignments: Iterable<string>): void {
    for (const name of assignments) this.standings.delete(name);
  }

  clear(): void {
    this.standings.clear();
  }
}
