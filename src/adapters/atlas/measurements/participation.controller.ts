import { Body, Controller, Param, Post, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type Request } from 'express';
import { OperationProbesService, OperationsService } from '../../../core/operations/index.js';
import { type ProbeEntity, ProbesService } from '../../../core/probes/index.js';
import { type UserEntity } from '../../../core/users/index.js';
import { type OperationEntity } from '../../../core/assignments/index.js';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { DomainError, type Violation } from '../../../platform/errors/domain.error.js';
import { ByDoor } from '../../../platform/http/permissions.js';
import { Reader } from '../reader.js';
import { readSource, type Source } from './sources.js';
import { askedFamily, atlasKind, familyOf, textIn } from '../../../measurement/atlas/common.js';
import { Callers } from '../callers.js';
import { ChosenProbes } from './chosen-probes.js';
import { inAtlasWords, ofParticipation } from './creation-errors.js';
import { inAtlas } from './measurement.presenter.js';
import { numberIn } from '../number-in.js';

const MOST_REQUESTS = 100;

interface Change {
  action: 'add' | 'remove';
  source: Source;
}

/** Probes that come to a measurement that goes on, or leave it. */
@ApiExcludeController()
@ByDoor()
@Controller('api/v2/measurements/:number/participation-requests')
export class AtlasParticipationController {
  constructor(
    private readonly operations: OperationsService,
    private readonly members: OperationProbesService,
    private readonly probes: ProbesService,
    private readonly chosen: ChosenProbes,
    private readonly callers: Callers,
  ) {}

  @Post()
  async change(
    @Req() request: Request,
    @Param('number') text: string,
    @Body() body: unknown,
  ): Promise<{ request_ids: number[] }> {
    const user = await this.callers.user(request, 'measurements.update');
    const operation = inAtlas(await this.operations.byNumber(numberIn(text), user));
    if (!operation.owner.equals(user._id)) throw new DomainError('forbidden', 'The measurement is not yours');
    const changes = readChanges(body);
    // all are found before the first is carried out: of a list of which one cannot be followed nothing is done
    const found: { remove: boolean; ids: ObjectId[] }[] = [];
    const drawn = new Set<string>();
    for (const [index, { action, source }] of changes.entries())
      await inAtlasWords(ofParticipation(index), async () => {
        const remove = action === 'remove';
        const ids = remove ? await this.named(source) : await this.drawn(operation, source, user, drawn);
        if (!remove) for (const id of ids) drawn.add(id.toHexString());
        found.push({ remove, ids });
      });
    for (const [index, { remove, ids }] of found.entries())
      await inAtlasWords(ofParticipation(index), async () => {
        if (remove) await this.members.remove(operation._id, user, 'any', ids);
        else if (ids.length > 0) await this.members.add(operation._id, user, 'any', ids);
      });
    return { request_ids: changes.map((_change, index) => index + 1) };
  }

  private async named({ chosen }: Source): Promise<ObjectId[]> {
    const numbers = chosen.type === 'probes' ? chosen.numbers : [];
    return (await this.probes.byNumbers(numbers)).map(({ _id }) => _id);
  }

  /** @param drawn ids that requests before this one add */
  private async drawn(
    operation: OperationEntity,
    source: Source,
    user: UserEntity,
    drawn: ReadonlySet<string>,
  ): Promise<ObjectId[]> {
    const { params } = operation;
    const kind = atlasKind(operation);
    const [address] = [params['ips'], [textIn(params, 'resolver')]].flat() as (string | undefined)[];
    const family = askedFamily({ params }) ?? familyOf(address);
    const needs = { kinds: kind ? [kind] : [], families: family ? [family] : [] };
    // of those that are named the platform leaves out what is there already, and refuses what was taken away
    const present = source.chosen.type === 'probes' ? [] : await this.operations.probesOf(operation);
    const { ids } = await this.chosen.choose(
      [source],
      needs,
      user,
      new Set([...present.map(idOf), ...drawn]),
    );
    return ids;
  }
}

function idOf({ _id }: ProbeEntity): string {
  return _id.toHexString();
}

/** @throws DomainError invalid_request */
function readChanges(body: unknown): Change[] {
  const violations: Violation[] = [];
  const list = Array.isArray(body) ? (body as unknown[]) : [body];
  const readers = new Reader({ requests: list }, [], violations).objects('requests', MOST_REQUESTS) ?? [];
  const changes = readers.flatMap((reader): Change[] => {
    const action = reader.word('action', ['add', 'remove']);
    if (action === undefined && !reader.has('action')) reader.refuse('action', 'must be add or remove');
    const source = readSource(reader);
    if (action === 'remove' && source !== undefined && source.chosen.type !== 'probes')
      reader.refuse('type', 'must be probes: they are removed by their numbers');
    return action === undefined || source === undefined ? [] : [{ action, source }];
  });
  // the body is the list itself
  const named = violations.map(({ path = [], ...rest }) => ({
    ...rest,
    path: path.slice(1),
    field: path.length > 1 ? path.slice(1).join('.') : 'the list',
  }));
  if (named.length > 0) throw DomainError.invalid(...named);
  return changes;
}
