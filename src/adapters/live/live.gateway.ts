import { Logger } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { type Namespace, type Socket } from 'socket.io';
import { z } from 'zod';
import { parseId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { checkIn } from '../../platform/sockets/check-in.js';
import { AuthService, type UserEntity } from '../../core/users/index.js';
import { OperationsService } from '../../core/operations/index.js';
import { ProbesService } from '../../core/probes/index.js';
import { type LiveEvent } from './live.events.js';
import { SlowConsumerGuard } from './slow-consumer-guard.js';
import { LiveService } from './live.service.js';

type LiveSocket = Socket<
  Record<string, never>,
  Record<string, never>,
  Record<string, never>,
  { open?: UserEntity; pace?: SlowConsumerGuard }
>;

/** One of the three; `account: true` is the user's own. */
const subscription = z
  .object({ operation: z.string(), probe: z.string(), account: z.literal(true) })
  .partial()
  .refine((asked) => Object.keys(asked).length === 1);

const MAX_SUBSCRIPTIONS = 1000;
const BAD_SUBSCRIPTION = 'must name one of operation (id), probe (id), account (true)';

/** Live events for users, over Socket.IO. */
@WebSocketGateway({ namespace: '/live' })
export class LiveGateway implements OnGatewayInit<Namespace>, OnGatewayConnection<LiveSocket> {
  private readonly logger = new Logger('live');

  constructor(
    private readonly auth: AuthService,
    private readonly operations: OperationsService,
    private readonly probes: ProbesService,
    private readonly live: LiveService,
    private readonly hits: LimitHits,
  ) {}

  afterInit(namespace: Namespace): void {
    checkIn<UserEntity>(namespace, {
      logger: this.logger,
      open: async ({ handshake }) => {
        const token: unknown = handshake.auth['token'];
        const user = typeof token === 'string' ? await this.auth.identify(token) : undefined;
        return user ?? { code: 'invalid_token', message: 'Invalid token' };
      },
      close: () => Promise.resolve(),
    });
    this.live.events.subscribe((event) => {
      this.send(namespace, event);
    });
  }

  handleConnection(socket: LiveSocket): void {
    socket.on('disconnect', this.live.watch());
    const pace = new SlowConsumerGuard();
    socket.data.pace = pace;
    // what was waiting is on its way
    socket.conn.on('drain', () => {
      pace.caughtUp();
    });
  }

  @SubscribeMessage('subscribe')
  async subscribe(@ConnectedSocket() socket: LiveSocket, @MessageBody() message: unknown) {
    const room = await this.roomOf(socket, message);
    if (typeof room !== 'string') return room;
    if (socket.rooms.size > MAX_SUBSCRIPTIONS) {
      return refusal('too_many', `a connection has at most ${MAX_SUBSCRIPTIONS} subscriptions`);
    }
    await socket.join(room);
    return { ok: true };
  }

  @SubscribeMessage('unsubscribe')
  async unsubscribe(@ConnectedSocket() socket: LiveSocket, @MessageBody() message: unknown) {
    const room = await this.roomOf(socket, message);
    if (typeof room !== 'string') return room;
    await socket.leave(room);
    return { ok: true };
  }

  /** @returns the room, if the user may see what happens in it */
  private async roomOf(socket: LiveSocket, message: unknown): Promise<string | ReturnType<typeof refusal>> {
    const user = socket.data.open;
    const parsed = subscription.safeParse(message);
    if (user === undefined || !parsed.success) return refusal('invalid_request', BAD_SUBSCRIPTION);
    const { operation, probe } = parsed.data;
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

  private send(namespace: Namespace, { name, data, rooms }: LiveEvent): void {
    const watched = rooms.filter((room) => namespace.adapter.rooms.has(room));
    if (watched.length === 0) return;
    const watchers = new Set(watched.flatMap((room) => [...(namespace.adapter.rooms.get(room) ?? [])]));
    const characters = JSON.stringify(data).length;
    for (const id of watchers) this.hold(namespace.sockets.get(id) as LiveSocket | undefined, characters);
    namespace.to(watched).emit(name, data);
  }

  /** What one socket does not take waits here, and is bounded. */
  private hold(socket: LiveSocket | undefined, characters: number): void {
    if (socket?.data.pace?.wait(characters) !== false) return;
    this.logger.warn(
      { user_id: String(socket.data.open?._id) },
      'cut off somebody who takes events too slowly',
    );
    this.hits.note('live_behind');
    // not waiting until what is waiting was taken, nor for a good-bye from one who does not read
    socket.conn.close(true);
    socket.conn.request.socket.destroy();
  }
}

function refusal(code: string, message: string) {
  return { error: { code, message } };
}
