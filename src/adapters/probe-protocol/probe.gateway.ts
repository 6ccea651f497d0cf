import { Logger } from '@nestjs/common';
import {
  failedItem,
  handshake,
  type ItemAnswer,
  MAX_BATCH_BYTES,
  MAX_BATCH_ITEMS,
  PROBE_NAMESPACE,
  PROTOCOL_VERSION,
  readDestinations,
  type RequestError,
  status,
  type StatusAnswer,
} from '@pladmed/protocol';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { LRUCache } from 'lru-cache';
import { type Namespace } from 'socket.io';
import { type z } from 'zod';
import { ProbesService } from '../../core/probes/index.js';
import { type ObjectId, parseId } from '../../platform/database/object-id.js';
import { checkIn, type Refusal, routeOf } from '../../platform/sockets/check-in.js';
import { takeMessages } from '../../platform/sockets/messages.js';
import { jittered } from '../../platform/limits/jitter.js';
import { ServerClockService } from '../../platform/clock/server-clock.service.js';
import { ArrivalsService } from '../../core/delivery/index.js';
import {
  ConnectedProbes,
  ProbeConnectionsService,
  ProbeMeters,
  ProbeProtocols,
} from '../../core/presence/index.js';
import { type Acceptance, IngestService } from '../../core/ingest/index.js';
import { NATIVE, NativeLink, type NativeSocket } from './native-link.js';
import { resultItem } from './probe.protocol.js';

const REMEMBERED_PROBES = 1000;
const RETRY_MS = 5000;
/** A probe that sends too fast is not asked back earlier: each of its messages costs us something. */
const LEAST_PAUSE_MS = 1000;

/** The native protocol (docs/protocol.md): one delegation per message. */
@WebSocketGateway({ namespace: PROBE_NAMESPACE })
export class ProbeGateway implements OnGatewayInit<Namespace>, OnGatewayConnection<NativeSocket> {
  private readonly logger = new Logger('probe-gateway');
  /** probes whose connection ended on a large message */
  private readonly takeNoWhole = new LRUCache<string, true>({ max: REMEMBERED_PROBES });

  constructor(
    private readonly connections: ProbeConnectionsService,
    private readonly connected: ConnectedProbes,
    private readonly arrivals: ArrivalsService,
    private readonly results: IngestService,
    private readonly meters: ProbeMeters,
    private readonly probes: ProbesService,
    private readonly clock: ServerClockService,
    protocols: ProbeProtocols,
  ) {
    protocols.register(NATIVE);
  }

  afterInit(namespace: Namespace): void {
    checkIn(namespace, {
      logger: this.logger,
      open: async (socket) => {
        const auth = handshake.safeParse(socket.handshake.auth);
        if (!auth.success) return refusalOf(socket.handshake.auth, auth.error);
        const { token, version, capabilities, total_credits } = auth.data;
        const details = {
          protocol: NATIVE.label,
          total_credits,
          in_use_credits: 0,
          version,
          kinds: capabilities.kinds,
          families: { ipv4: capabilities.ipv4, ipv6: capabilities.ipv6 },
          route: routeOf(socket),
        };
        return (await this.connections.open(token, details)) ?? INVALID_TOKEN;
      },
      close: (open, reason) => this.connections.close(open, reason),
    });
  }

  async handleConnection(socket: NativeSocket): Promise<void> {
    takeMessages(socket, 'results', this.logger, (items) => this.takeResults(socket, items));
    takeMessages(socket, 'failed', this.logger, (items) => this.takeFailures(socket, items));
    const { open } = socket.data;
    if (open === undefined) return;
    this.meters.watch(socket, open.probe._id);
    const link = new NativeLink(socket, open, {
      parts: socket.handshake.auth['sync_parts'] === true,
      whole: !this.takeNoWhole.has(open.probe._id.toHexString()),
    });
    // the token among it, for as long as the connection
    socket.handshake.auth = {};
    socket.on('disconnect', () => {
      this.connected.remove(link);
      if (link.couldNotTakeWhole) this.takeNoWhole.set(link.probe.toHexString(), true);
      link.close();
    });
    await this.arrivals.welcome(link, () => socket.connected);
  }

  private async takeResults(socket: NativeSocket, items: unknown) {
    return this.each(socket, items, resultItem, (item, open) =>
      this.results.accept({
        operation: parseId(item.operation_id),
        probe: open.probe._id,
        uniqueCode: item.scheduled_at.toISOString(),
        scheduledAt: item.scheduled_at,
        startedAt: item.started_at,
        durationMs: item.duration_ms,
        clock: item.clock,
        format: item.format,
        content: item.content,
        told: readDestinations(item.destinations),
      }),
    );
  }

  private async takeFailures(socket: NativeSocket, items: unknown) {
    return this.each(socket, items, failedItem, (item, open) =>
      this.results.acceptFailure({
        operation: parseId(item.operation_id),
        probe: open.probe._id,
        uniqueCode: item.scheduled_at.toISOString(),
        scheduledAt: item.scheduled_at,
        clock: item.clock,
        reason: item.reason,
        detail: item.detail,
      }),
    );
  }

  @SubscribeMessage('status')
  async takeStatus(
    @ConnectedSocket() socket: NativeSocket,
    @MessageBody() message: unknown,
  ): Promise<StatusAnswer | RequestError> {
    const received_at = new Date().toISOString();
    const parsed = status.safeParse(message);
    if (!parsed.success) return badRequest(parsed.error);
    const { open } = socket.data;
    // one that says it too often is answered, and not heard
    if (open !== undefined && this.meters.of(open.probe._id).admit(0) === 0) {
      this.connected.noteClock(open.probe._id, parsed.data.clock);
      await this.connections.report(open, parsed.data);
    }
    const report = open && (await this.reportFor(open.probe._id));
    const { offset_ms, error_ms, source } = this.clock.now();
    return {
      ...{ received_at, server_time: new Date().toISOString(), clock: { offset_ms, error_ms, source } },
      ...(report && { report }),
    };
  }

  /** How well it did in the last week; an answer does not wait for a database that is away. */
  private async reportFor(probe: ObjectId): Promise<StatusAnswer['report']> {
    const measured = await this.probes.reliabilityOf(probe).catch(() => undefined);
    if (measured === undefined) return undefined;
    const { uptime, share, due, came } = measured.week;
    return { at: measured.at.toISOString(), uptime: uptime ?? null, share: share ?? null, due, came };
  }

  /** Answers each item by itself: one bad item, or one that fails, says nothing about the others. */
  private async each<Schema extends z.ZodType>(
    socket: NativeSocket,
    items: unknown,
    schema: Schema,
    accept: (item: z.output<Schema>, open: NonNullable<NativeSocket['data']['open']>) => Promise<Acceptance>,
  ): Promise<{ items: ItemAnswer[] } | RequestError> {
    const { open } = socket.data;
    if (open === undefined) return protocolError('invalid_request', 'the connection is not checked in');
    if (!Array.isArray(items)) return protocolError('invalid_request', 'must be an array of items');
    if (items.length > MAX_BATCH_ITEMS) {
      return protocolError('too_many_items', `a batch has at most ${MAX_BATCH_ITEMS} items`);
    }
    if (contentBytes(items) > MAX_BATCH_BYTES) {
      return protocolError('too_large', `a batch has at most ${MAX_BATCH_BYTES} bytes of content`);
    }
    const meter = this.meters.of(open.probe._id);
    const answers = items.map(async (item: unknown): Promise<ItemAnswer> => {
      const wait = meter.admit(contentBytes([item]));
      if (wait > 0) return { status: 'busy', retry_after_ms: jittered(Math.max(wait, LEAST_PAUSE_MS)) };
      const parsed = schema.safeParse(item);
      if (!parsed.success) {
        this.logger.warn(
          { probe_id: String(open.probe._id), why: sentenceOf(parsed.error) },
          'a bad item was refused',
        );
        return { status: 'refused', reason: 'bad_item' };
      }
      try {
        return answerOf(await accept(parsed.data, open));
      } catch (error) {
        this.logger.error({ err: error, probe_id: String(open.probe._id) }, 'an item was not stored');
        return { status: 'busy', retry_after_ms: RETRY_MS };
      }
    });
    return { items: await Promise.all(answers) };
  }
}

const INVALID_TOKEN: Refusal = { code: 'invalid_token', message: 'Invalid token' };

function refusalOf(auth: Record<string, unknown>, error: z.ZodError): Refusal {
  if (typeof auth['token'] !== 'string') return INVALID_TOKEN;
  if (auth['protocol'] !== PROTOCOL_VERSION) {
    return { code: 'unsupported_protocol', message: `This server speaks protocol ${PROTOCOL_VERSION}` };
  }
  return { code: 'invalid_handshake', message: `Invalid handshake: ${sentenceOf(error)}` };
}

function answerOf(acceptance: Acceptance): ItemAnswer {
  if (acceptance.status === 'busy') return { status: 'busy', retry_after_ms: acceptance.retryAfterMs };
  return acceptance;
}

function contentBytes(items: unknown[]): number {
  return items.reduce<number>((sum, item) => {
    const content = (item as { content?: unknown } | null)?.content;
    return sum + (content instanceof Uint8Array ? content.length : 0);
  }, 0);
}

function sentenceOf(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
}

function badRequest(error: z.ZodError): RequestError {
  return protocolError('invalid_request', sentenceOf(error), error.issues[0]?.path.join('.'));
}

function protocolError(code: string, message: string, field?: string): RequestError {
  return { error: { code, message, ...(field !== undefined && field !== '' && { field }) } };
}
