import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { z } from 'zod';
import { PlatformBus, type Topic } from '../../platform/bus/platform-bus.js';
import { hexId, ObjectId } from '../../platform/database/object-id.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { type UserEntity, type Via } from './user.schema.js';
import { UsersRepository } from './users.repository.js';

/** What is over: one credential, all credentials of a kind, or all of an account. */
export interface EndedAccess {
  user: string;
  via?: string | undefined;
  kind?: 'token' | 'key' | undefined;
}

const ACCESS_ENDED: Topic<EndedAccess> = {
  name: 'access-ended',
  schema: z.object({
    user: hexId,
    via: z.string().max(100).optional(),
    kind: z.enum(['token', 'key']).optional(),
  }),
};

/** Where no message comes the database is asked so often about what is open. */
const LOOK_EVERY_MS = 4_000;
const ACCOUNTS_AT_ONCE = 1_000;

/** A connection that stands for longer than a request. */
interface Open {
  via: Via;
  tokenVersion: number;
  end: () => void;
}

/**
 * Ends what stays open (sockets, streams) when the credential that opened it is over. The server that ends one tells the others;
 * each looks into the database too, since a message may be lost.
 */
@Injectable()
export class AccessWatch implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('access');
  private readonly open = new Map<string, Set<Open>>();
  private readonly task = new PeriodicTask(() => this.look(), {
    logger: this.logger,
    failed: 'it could not be read which credentials are over; the next look may',
  });

  constructor(
    private readonly users: UsersRepository,
    private readonly bus: PlatformBus,
  ) {}

  onModuleInit(): void {
    this.bus.listen(
      ACCESS_ENDED,
      (ended) => {
        this.endAll(ended);
      },
      () => this.open.size > 0,
    );
  }

  onApplicationBootstrap(): void {
    this.task.every(LOOK_EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /**
   * From now on `end` is called, once, when the caller's credential is over.
   * @returns what to call when the connection is over by itself
   */
  watch({ _id, via, token_version }: UserEntity, end: () => void): () => void {
    if (via === undefined) return () => undefined;
    const user = _id.toHexString();
    const entry: Open = { via, tokenVersion: token_version ?? 0, end };
    const entries = this.open.get(user);
    if (entries === undefined) this.open.set(user, new Set([entry]));
    else entries.add(entry);
    return () => {
      this.forget(user, entry);
    };
  }

  /** Something is over, by the database: ends what it has open, here and on all servers. */
  ended(ended: EndedAccess): void {
    this.endAll(ended);
    this.bus.send(ACCESS_ENDED, ended);
  }

  /** Asks the database about all that is open. */
  async look(now = new Date()): Promise<void> {
    const users = [...this.open.keys()];
    for (let from = 0; from < users.length; from += ACCOUNTS_AT_ONCE)
      await this.lookAt(users.slice(from, from + ACCOUNTS_AT_ONCE), now);
  }

  private async lookAt(users: readonly string[], now: Date): Promise<void> {
    // those that are open now: one that is opened meanwhile may be younger than the answer
    const asked = users.map((user) => [user, [...(this.open.get(user) ?? [])]] as const);
    const found = await this.users.findForCredentials(users.map((user) => new ObjectId(user)));
    const accounts = new Map(found.map((account) => [account._id.toHexString(), account]));
    for (const [user, entries] of asked) {
      const account = accounts.get(user);
      for (const entry of entries) if (isOver(entry, account, now)) this.end(user, entry);
    }
  }

  private endAll({ user, via, kind }: EndedAccess): void {
    for (const entry of [...(this.open.get(user) ?? [])]) {
      const { id } = entry.via;
      if ((via === undefined || id === via) && (kind === undefined || id.startsWith(`${kind}:`)))
        this.end(user, entry);
    }
  }

  private end(user: string, entry: Open): void {
    if (!this.forget(user, entry)) return;
    entry.end();
  }

  /** @returns whether it was there */
  private forget(user: string, entry: Open): boolean {
    const entries = this.open.get(user);
    const wasThere = entries?.delete(entry) ?? false;
    if (entries?.size === 0) this.open.delete(user);
    return wasThere;
  }
}

/** @param account as it is now; undefined: there is none any more */
function isOver({ via, tokenVersion }: Open, account: UserEntity | undefined, now: Date): boolean {
  if (
    account === undefined ||
    account.suspended !== undefined ||
    (via.until !== undefined && via.until <= now)
  )
    return true;
  const [kind, id = ''] = via.id.split(':');
  if (kind === 'key') return account.keys?.some(({ _id }) => _id.toHexString() === id) !== true;
  if (tokenVersion !== (account.token_version ?? 0)) return true;
  return account.ended_tokens?.some(({ digest }) => digest === id) === true;
}
