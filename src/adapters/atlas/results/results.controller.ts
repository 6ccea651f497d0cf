import { Controller, Get, Param, Req, type StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type Request } from 'express';
import { type OperationEntity } from '../../../core/assignments/index.js';
import { OperationsService } from '../../../core/operations/index.js';
import { ProbesService } from '../../../core/probes/index.js';
import {
  type OwnTimeFilter,
  OwnTimes,
  type ReadResult,
  WHOLE,
  WholeResults,
} from '../../../core/results/index.js';
import { PlatformClock } from '../../../platform/database/platform-clock.js';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { ByDoor } from '../../../platform/http/permissions.js';
import { streamed } from '../../../platform/http/streamed.js';
import { timeOf } from '../reader.js';
import { numbersIn, truthIn } from '../probes/probe-query.js';
import {
  type Members,
  membersIn,
  numberIn as memberNumber,
  orAbsent,
} from '../../../measurement/atlas/common.js';
import { atlasResultsOf, UNSHOWN } from '../../../measurement/atlas/present.js';
import { Callers } from '../callers.js';
import { textOf } from '../listing.js';
import { inAtlas } from '../measurements/measurement.presenter.js';
import { numberIn } from '../number-in.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const DAY_MS = 86_400_000;
const USUAL_DAYS = 7;

@ApiExcludeController()
@ByDoor()
@Controller('api/v2/measurements/:number')
export class AtlasResultsController {
  constructor(
    private readonly operations: OperationsService,
    private readonly probes: ProbesService,
    private readonly times: OwnTimes,
    private readonly whole: WholeResults,
    private readonly callers: Callers,
    private readonly clock: PlatformClock,
  ) {}

  @Get('results')
  async results(@Req() request: Request, @Param('number') text: string): Promise<StreamableFile> {
    const operation = await this.operationOf(request, text);
    const filter = await this.filterOf(request, operation, 'results');
    return this.answer(request, operation, () => this.times.read(filter, WHOLE));
  }

  @Get('latest')
  async latest(@Req() request: Request, @Param('number') text: string): Promise<StreamableFile> {
    const operation = await this.operationOf(request, text);
    const filter = await this.filterOf(request, operation, 'latest');
    return this.answer(request, operation, () => this.times.newest(filter, WHOLE));
  }

  @Get('status-check')
  async statusCheck(@Req() request: Request, @Param('number') text: string): Promise<Members> {
    const operation = await this.operationOf(request, text);
    if (operation.kind !== 'ping')
      throw DomainError.invalid({
        field: 'number',
        message: 'must name a ping: others have no status check',
        in: 'parameter',
      });
    const probes: Record<string, Members> = {};
    const gone = new AbortController();
    for await (const read of this.times.newest(await this.filterOf(request, operation, 'latest'), WHOLE))
      for (const result of atlasResultsOf(operation, await this.whole.of(read, gone.signal)))
        probes[String(memberNumber(result, 'prb_id'))] = checkOf(result);
    const alerts = Object.values(probes).filter(({ alert }) => alert === true).length;
    return { global_alert: alerts > 0, total_alerts: alerts, probes };
  }

  private async operationOf(request: Request, text: string): Promise<OperationEntity> {
    return inAtlas(await this.operations.byNumber(numberIn(text), await this.callers.reader(request)));
  }

  private async filterOf(
    request: Request,
    { _id }: OperationEntity,
    what: 'results' | 'latest',
  ): Promise<OwnTimeFilter> {
    const probes = await this.probesIn(request);
    if (what === 'latest') {
      const days = numbersIn(request, 'lookback_days')?.[0] ?? (probes === undefined ? USUAL_DAYS : 0);
      const receivedFrom = days === 0 ? undefined : new Date(this.clock.now().getTime() - days * DAY_MS);
      return { operation: _id, probes, receivedFrom, exceptReasons: UNSHOWN };
    }
    const [from, stop] = ['start', 'stop'].map((name) => timeIn(request, name));
    // both ends are included, and clients see whole seconds
    const to = stop && new Date(Math.floor(stop.getTime() / 1000) * 1000 + 1000);
    return { operation: _id, probes, from, to, exceptReasons: UNSHOWN };
  }

  private async probesIn(request: Request): Promise<ObjectId[] | undefined> {
    const numbers = numbersIn(request, 'probe_ids');
    const isAnchors = truthIn(request, 'anchors-only') === true;
    if (numbers === undefined && !isAnchors) return undefined;
    if (numbers === undefined) return this.probes.searchIds({ anchor: true }, {}, 20_000);
    const found = await this.probes.byNumbers(numbers);
    return found.filter(({ anchor }) => !isAnchors || anchor === true).map(({ _id }) => _id);
  }

  /** Piece by piece, as fast as the client takes it. */
  private answer(
    request: Request,
    operation: OperationEntity,
    read: () => AsyncIterable<ReadResult>,
  ): StreamableFile {
    const format = textOf(request, 'format') ?? 'json';
    if (format !== 'json' && format !== 'txt')
      throw DomainError.invalid({ field: 'format', message: 'must be json or txt', in: 'parameter' });
    const isText = format === 'txt';
    return streamed((gone) => this.texts(operation, read(), isText, gone), {
      type: isText ? TEXT_TYPE : JSON_TYPE,
    });
  }

  private async *texts(
    operation: OperationEntity,
    results: AsyncIterable<ReadResult>,
    isText: boolean,
    gone: AbortSignal,
  ): AsyncGenerator<string, void> {
    let separator = isText ? '' : '[';
    for await (const read of results) {
      for (const result of atlasResultsOf(operation, await this.whole.of(read, gone))) {
        yield `${separator}${JSON.stringify(result)}${isText ? '\n' : ''}`;
        separator = isText ? '' : ',';
      }
    }
    if (!isText) yield separator === '[' ? '[]' : ']';
    else yield '';
  }
}

/** @throws DomainError invalid_request */
function timeIn(request: Request, name: string): Date | undefined {
  const text = textOf(request, name);
  const time = text === undefined ? undefined : timeOf(text);
  if (text !== undefined && time === undefined)
    throw DomainError.invalid({
      field: name,
      message: 'must be a time in UNIX seconds, or an RFC 3339 time',
      in: 'parameter',
    });
  return time;
}

/** What one probe says of a target. */
function checkOf(result: Members): Members {
  const sent = memberNumber(result, 'sent') ?? 0;
  const received = memberNumber(result, 'rcvd') ?? 0;
  const rtts = membersIn(result, 'result')
    .map((packet) => memberNumber(packet, 'rtt'))
    .filter((rtt) => rtt !== undefined)
    .sort((a, b) => a - b);
  const middle = rtts.length >> 1;
  const median =
    rtts.length % 2 === 1 ? rtts[middle] : ((rtts[middle - 1] ?? NaN) + (rtts[middle] ?? NaN)) / 2;
  return {
    alert: received === 0,
    // as precise as they are: half of a sum has digits that were not measured
    last: rtts.length === 0 || median === undefined ? null : Number(median.toFixed(3)),
    last_packet_loss: sent === 0 ? 100 : Math.round(((sent - received) / sent) * 10_000) / 100,
    source: orAbsent(result['from'] as string | undefined) ?? '',
  };
}
