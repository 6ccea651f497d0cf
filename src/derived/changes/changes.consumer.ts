import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { ResultsTail, type TailBatch, type WritingConsumer } from '../../core/ingest/index.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { ChangeDetector } from './change-detector.js';
import { ChangeRebuildsRepository } from './change-rebuilds.repository.js';
import { ChangeStatesRepository } from './change-states.repository.js';
import { ChangesRepository } from './changes.repository.js';
import { DETECTION_FIELDS } from './detection.js';
import { CHANGES_CONSUMER } from './rebuild-order.js';

type Field = (typeof DETECTION_FIELDS)[number];

/**
 * Follows the results tail and tells what changes (docs/adr/0028). What it finds, what it keeps and its position are one transaction, so
 * that each result is taken in exactly once.
 */
@Injectable()
export class ChangesConsumer implements OnApplicationBootstrap, WritingConsumer<Field> {
  readonly name = CHANGES_CONSUMER;
  readonly start = 'beginning';
  readonly fields = DETECTION_FIELDS;

  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly tail: ResultsTail,
    private readonly detector: ChangeDetector,
    private readonly changes: ChangesRepository,
    private readonly states: ChangeStatesRepository,
    private readonly rebuilds: ChangeRebuildsRepository,
  ) {}

  onApplicationBootstrap(): void {
    if (this.env.changesDetection) this.tail.consume(this);
  }

  /** Beside the transaction, since there may be millions: while there is no position, nobody else writes. */
  async begin(transaction: Transaction): Promise<void> {
    await this.states.deleteAll();
    await this.changes.deleteAll();
    await this.rebuilds.deleteAll(transaction);
  }

  async write({ results, to }: TailBatch<Field>, transaction: Transaction): Promise<void> {
    const rebuilds = await this.rebuilds.findAll(transaction);
    const doneUntil = new Map(rebuilds.map(({ _id, done = Infinity }) => [_id.toHexString(), done]));
    const mine = results.filter(
      ({ number, result }) => number > (doneUntil.get(result.operation.toHexString()) ?? 0),
    );
    await this.detector.take(
      mine.map(({ result }) => result),
      transaction,
    );
    if (rebuilds.length > 0) await this.rebuilds.deleteDone(to, transaction);
  }
}
