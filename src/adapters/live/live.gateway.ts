import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { type Namespace } from 'socket.io';
import { z } from 'zod';
import { POSITION } from '../../core/ingest/index.js';
import { type ObjectId, parseId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { clientOf } from '../../platform/http/client-address.js';
import { credentialIn } from '../../platform/http/credentials.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { checkIn } from '../../platform/sockets/check-in.js';
import { AccessWatch, AuthService, type UserEntity } from '../../core/users/index.js';
import { OperationsService } from '../../core/operations/index.js';
import { ProbesService } from '../../core/probes/index.js';
import { REPORT_EVERY_MS, ReportService } from '../../derived/activity/index.js';
import { Flow } from './flow.js';
import { ACCESS_OVER, type LiveEvent, SLOW } from './live.events.js';
import { LiveFollowers } from './live-followers.js';
import { type LiveSocket } from './live-socket.js';
import { SlowConsumerGuard } from './slow-consumer-guard.js';
import { LiveService } from './live.service.js';

/** Where the periodic report goes. */
const STATS_ROOM = 'stats';

/** One of those; `account: true` is the user's own, `stats: true` the periodic report. With `follow` results of an operation come with their positions. */
const subscription = z.union([
  z
    .strictObject({
      operation: z.string(),
      probe: z.string(),
      account: z.literal(true),
      stats: z.literal(true),
    })
    .partial()
    .refine((asked) => Object.keys(asked).length === 1),
  z.strictObject({
    operation: z.string(),
    follow: z.literal(true),
    since: z.string().regex(POSITION).optional(),
  }),
]);

/** A connection that is cut off may take what waits for it for so long. */
const FAREWELL_MS = 5_000;

const MAX_SUBSCRIPTIONS = 1000;
const BAD_SUBSCRIPTION =
  'must name one of operation (id), probe (id), account (true), stats (true); beside operation may stand follow (true) with since (a position)';

/** Live events for users, over Socket.IO. */
@WebSocketGateway({ namespace: '/live' })
export class LiveGateway
  implements OnGatewayInit<Namespace>, OnGatewayConnection<LiveSocket>, OnApplicationShutdown
{
  private readonly logger = new Logger('live');
  private reporting: PeriodicTask | undefined;

  constructor(
    private readonly auth: AuthService,
    private readonly access: AccessWatch,
    private readonly operations: OperationsService,
    private readonly probes: ProbesService,
    private readonly live: LiveService,
    private readonly followers: LiveFollowers,
    private readonly reports: ReportService,
    private readonly hits: LimitHits,
  ) {}

  afterInit(namespace: Namespace): void {
    checkIn<UserEntity>(namespace, {
      logger: this.logger,
      open: async ({ handshake }) => {
        const token: unknown = handshake.auth['token'];
        return this.letIn(token, clientOf(handshake.address));
      },
      close: () => Promise.resolve(),
    });
    this.live.events.subscribe((event) => {
      this.send(namespace, event);
    });
    this.reporting = new PeriodicTask(() => this.report(namespace), {
      logger: this.logger,
      failed: 'periodic reports could not be made; the next ones may be',
    });
    this.reporting.every(REPORT_EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.reporting?.stop();
  }

  /** @returns the account that a token, or a key with the scope `read`, belongs to; or why it is refused */
  private async letIn(token: unknown, address: string) {
    const user =
      typeof token === 'string' ? await this.auth.identify(credentialIn(token), address) : undefined;
    if (user === undefined) return { code: 'invalid_token', message: 'Invalid token' };
    if (user.via?.scopes?.includes('read') === false)
      return { code: 'forbidden', message: 'This needs a key with the scope read' };
    return user;
  }

  handleConnection(socket: LiveSocket): void {
    socket.on('disconnect', this.live.watch());
    const { open } = socket.data;
    const forget =
      open &&
      this.access.watch(open, () => {
        socket.emit('cut_off', { detail: ACCESS_OVER });
        socket.disconnect(true);
      });
    if (forget) socket.on('disconnect', forget);
    const [pace, flow] = [new SlowConsumerGuard(), new Flow()];
    const cutOff = (why: string) => {
      this.cutOff(socket, why);
    };
    Object.assign(socket.data, { pace, flow, followed: new Map(), cutOff });
    socket.on('disconnect', () => {
      this.followers.stopAll(socket);
    });
    // what was waiting is on its way
    socket.conn.on('drain', () => {
      pace.caughtUp();
      flow.drained();
    });
  }

  @SubscribeMessage('subscribe')
  async subscribe(@ConnectedSocket() socket: LiveSocket, @MessageBody() message: unknown) {
    const room = await this.roomOf(socket, message);
    if (typeof room !== 'string') return room;
    if (socket.rooms.size > MAX_SUBSCRIPTIONS) {
      return refusal('too_many', `a connection has at most ${MAX_SUBSCRIPTIONS} subscriptions`);
    }
    const following = followedIn(message);
    if (following !== undefined) return this.follow(socket, following);
    await socket.join(room);
    if (room === STATS_ROOM) await this.reportTo(socket);
    return { ok: true };
  }

  @SubscribeMessage('unsubscribe')
  async unsubscribe(@ConnectedSocket() socket: LiveSocket, @MessageBody() message: unknown) {
    const room = await this.roomOf(socket, message);
    if (typeof room !== 'string') return room;
    const following = followedIn(message);
    if (following === undefined) {
      await socket.leave(room);
      return { ok: true };
    }
    this.followers.stop(socket, following.operation);
    await socket.leave(followedRoom(following.operation));
    return { ok: true };
  }

  private async follow(
    socket: LiveSocket,
    { operation, since }: { operation: ObjectId; since?: string | undefined },
  ) {
    try {
      const position = await this.followers.start(socket, operation, since);
      if (position === undefined) return refusal('too_many', 'a connection follows at most 20 operations');
      await socket.join(followedRoom(operation));
      return { ok: true, position };
    } catch (error) {
      this.logger.error({ err: error }, 'a subscription failed');
      return refusal('internal', 'Something went wrong on our side');
    }
  }

  /** @returns the room, if the user may see what happens in it */
  private async roomOf(socket: LiveSocket, message: unknown): Promise<string | ReturnType<typeof refusal>> {
    const user = socket.data.open;
    const parsed = subscription.safeParse(message);
    if (user === undefined || !parsed.success) return refusal('invalid_request', BAD_SUBSCRIPTION);
    const { operation, probe, stats } = { probe: undefined, stats: undefined, ...parsed.data };
    if (stats !== undefined) return STATS_ROOM;
    try {
      if (operation !== undefined)
        return `operation:${String((await this.operations.get(parseId(operation), user))._id)}`;
      if (probe !== undefined) return `probe:${String((await this.probes.get(parseId(probe)))._id)}`;
      return `user:${String(user._id)}`;
    } catch (error) {
      if (error instanceof DomainError) return refusal(error.code, error.message);
      this.logger.error({ err: error }, 'a subscription failed');
      return refusal('internal', 'Something went wrong on our side');
    }
  }

  /** One after the other: the figures of a user are a look into the database, unless they are fresh. */
  private async report(namespace: Namespace): Promise<void> {
    const watchers = [...(namespace.adapter.rooms.get(STATS_ROOM) ?? [])];
    for (const id of watchers) {
      const socket = namespace.sockets.get(id);
      if (socket !== undefined) await this.reportTo(socket as LiveSocket);
    }
  }

  private async reportTo(socket: LiveSocket): Promise<void> {
    const user = socket.data.open;
    if (user === undefined) return;
    try {
      const report = { ...(await this.reports.platform()), own: await this.reports.own(user._id) };
      this.hold(socket, JSON.stringify(report).length);
      if (socket.rooms.has(STATS_ROOM)) socket.emit('stats', report);
    } catch (error) {
      this.logger.warn({ err: error }, 'a periodic report could not be made; the next one may be');
    }
  }

  private send(namespace: Namespace, { name, data, rooms }: LiveEvent): void {
    // who follows an operation has its results from elsewhere
    const all = name === 'result' ? rooms : [...rooms, ...rooms.map((room) => `followed:${room}`)];
    const watched = all.filter((room) => namespace.adapter.rooms.has(room));
    if (watched.length === 0) return;
    const watchers = new Set(watched.flatMap((room) => [...(namespace.adapter.rooms.get(room) ?? [])]));
    const characters = JSON.stringify(data).length;
    for (const id of watchers) this.hold(namespace.sockets.get(id) as LiveSocket | undefined, characters);
    namespace.to(watched).emit(name, data);
  }

  /** What one socket does not take waits here, and is bounded. */
  private hold(socket: LiveSocket | undefined, characters: number): void {
    if (socket?.data.pace.wait(characters) !== false) return;
    this.hits.note('live_behind');
    this.cutOff(socket, 'too much waits');
  }

  /** It gets nothing more but the reason, behind all that waits; one who does not read it is not waited for. */
  private cutOff(socket: LiveSocket, why: string): void {
    this.logger.warn(
      { user_id: String(socket.data.open?._id), why },
      'cut off somebody who takes events too slowly',
    );
    this.followers.stopAll(socket);
    for (const room of socket.rooms) void socket.leave(room);
    socket.emit('cut_off', { detail: SLOW });
    const { conn } = socket;
    const end = setTimeout(() => {
      conn.close(true);
      conn.request.socket.destroy();
    }, FAREWELL_MS);
    conn.once('close', () => {
      clearTimeout(end);
    });
  }
}

/** What is to be followed, of a subscription that was checked. */
function followedIn(message: unknown): { operation: ObjectId; since?: string | undefined } | undefined {
  const asked = subscription.safeParse(message).data;
  const operation = asked && 'follow' in asked ? parseId(asked.operation) : undefined;
  return operation && asked && 'since' in asked
    ? { operation, since: asked.since }
    : operation && { operation };
}

function followedRoom(operation: ObjectId): string {
  return `followed:operation:${operation.toHexString()}`;
}

function refusal(code: string, message: string) {
  return { error: { code, message } };
}
