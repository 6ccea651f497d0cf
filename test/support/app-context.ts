import { type LoggerService } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppModule } from '../../src/app.module.js';
import { DatabaseService } from '../../src/platform/database/database.service.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { parseEnv } from '../../src/config/env.js';
import { LedgerService } from '../../src/core/ledger/ledger.service.js';
import { assignmentName, RunAccounts } from '../../src/core/assignments/run-account.js';
import { type AssignmentEntity } from '../../src/core/assignments/assignment.schema.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { RunAccountsRepository } from '../../src/core/assignments/run-accounts.repository.js';
import { ProbesService } from '../../src/core/probes/probes.service.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { ResultReader } from '../../src/core/results/result-reader.js';
import { type ResultEntity } from '../../src/core/ingest/result.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { UsersRepository } from '../../src/core/users/users.repository.js';
import { SECRET_KEY } from './server-world.js';

type Token<T> = abstract new (...args: never[]) => T;

const nothing = () => undefined;
/** What goes wrong on purpose would fill the screen. */
const SILENT: LoggerService = { log: nothing, error: nothing, warn: nothing };

let emails = 0;

/** The modules of one server process on a database, without its doors: services are called as the doors call them. */
export class AppContext {
  private constructor(
    readonly module: TestingModule,
    private readonly dataDir: string,
  ) {}

  /** @param uri two contexts with one URI are two servers of one platform */
  static async start(uri: string, settings: Record<string, string> = {}): Promise<AppContext> {
    const dataDir = await mkdtemp(join(tmpdir(), 'pladmed-context-'));
    const env = parseEnv({
      MONGODB_URI: uri,
      SECRET_KEY,
      PASSWORD_COST: '4',
      DATA_DIR: dataDir,
      ...settings,
    });
    const imports = [AppModule.forRoot(env, uri)];
    const module = await Test.createTestingModule({ imports }).setLogger(SILENT).compile();
    await module.get(DatabaseService).prepare();
    return new AppContext(module, dataDir);
  }

  get<T>(token: Token<T>): T {
    return this.module.get<T>(token, { strict: false });
  }

  async stop(): Promise<void> {
    await this.module.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async user(credits = 0, email = `user-${(emails += 1)}@example.org`): Promise<UserEntity> {
    const user = await this.get(UsersRepository).create({
      email,
      password_hash: 'none',
      credits: 0,
      is_superuser: false,
      created_at: new Date(),
      updated_at: new Date(),
      revision: 1,
    });
    if (user === undefined) throw new Error('the e-mail is taken');
    if (credits > 0) await this.get(LedgerService).grant(user._id, credits);
    return user;
  }

  async balance({ _id }: Pick<UserEntity, '_id'>): Promise<number | undefined> {
    return (await this.get(UsersRepository).findById(_id))?.credits;
  }

  async probe(owner: UserEntity): Promise<ProbeEntity> {
    return this.get(ProbesService).register(owner, { location: { longitude: 1, latitude: 2 } });
  }

  /** Counts reports of the first runs, without storing them. */
  async report(
    assignment: Pick<AssignmentEntity, 'operation' | 'probe'>,
    ...outcomes: ('stored' | 'failed')[]
  ): Promise<void> {
    await this.get(TransactionsService).run(async (transaction) => {
      const repository = this.get(RunAccountsRepository);
      const accounts = new RunAccounts(await repository.findStandings([assignment], transaction));
      for (const [run, outcome] of outcomes.entries()) {
        accounts
          .of(assignmentName(assignment))
          ?.enter({ claim: { type: 'named', run, dueAt: 0 }, outcome, bytes: 0 }, Date.now());
      }
      await repository.count(accounts.changes, new Date(), transaction);
    });
  }

  /** All results of an operation that are stored, in the order in which they came. */
  async results(operation: ObjectId): Promise<ResultEntity[]> {
    const found: ResultEntity[] = [];
    for await (const { head } of this.get(ResultReader).read(
      { operations: [operation] },
      { head: true, raw: false },
    ))
      if (head) found.push(head);
    return found;
  }

  /** An assignment whose operation nobody asks for. */
  async assignment(probe: ProbeEntity, more: Partial<AssignmentEntity> = {}): Promise<AssignmentEntity> {
    const assignment: AssignmentEntity = {
      _id: new ObjectId(),
      operation: new ObjectId(),
      probe: probe._id,
      probe_owner: probe.owner,
      state: 'delivered',
      due: 1000,
      received: 0,
      failed: 0,
      created_at: new Date(),
      ends_at: new Date(Date.now() + 3_600_000),
      ...(more.state !== 'pending' && { delivered_over: 'classic' }),
      ...more,
    };
    await this.get(TransactionsService).run((transaction) =>
      this.get(AssignmentsRepository).insertAll([assignment], transaction),
    );
    return assignment;
  }
}
