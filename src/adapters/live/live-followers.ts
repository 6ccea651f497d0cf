import { Injectable, Logger } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { type FollowStep, ResultReader, ResultsFollower } from '../../core/results/index.js';
import { type LiveSocket } from './live-socket.js';
import { lostData, resultData } from './live.events.js';

const HEAD = { head: true, raw: false };
/** A follower whose socket has so many characters to take waits: what comes next is not read before. */
const MOST_WAITING = 256 * 1024;
/** One that takes nothing for so long is cut off. */
const PATIENCE_MS = 20_000;
/** Of one connection: each reads the log by itself. */
const MOST_FOLLOWED = 20;

/** Results over Socket.IO from any position on, as server-sent events have them: each once, with its position, as fast as they are taken. */
@Injectable()
export class LiveFollowers {
  private readonly logger = new Logger('live');

  constructor(
    private readonly follower: ResultsFollower,
    private readonly reader: ResultReader,
    private readonly hits: LimitHits,
  ) {}

  /**
   * Begins; it ends with the connection, or by `stop`. An operation that is followed already is followed anew.
   * @param since a position that the follower brings; undefined: what comes from now on
   * @returns the position from which it goes on; undefined: this connection follows too many
   */
  async start(
    socket: LiveSocket,
    operation: ObjectId,
    since: string | undefined,
  ): Promise<string | undefined> {
    this.stop(socket, operation);
    const { followed } = socket.data;
    if (followed.size >= MOST_FOLLOWED) return undefined;
    const end = new AbortController();
    followed.set(operation.toHexString(), end);
    const steps = this.follower.follow(operation, since, HEAD, end.signal);
    const first = await steps.next();
    const position = first.done === true ? '' : first.value.position;
    void this.send(socket, operation, steps, end);
    return position;
  }

  /** @returns whether it was followed */
  stop(socket: LiveSocket, operation: ObjectId): boolean {
    const key = operation.toHexString();
    socket.data.followed.get(key)?.abort();
    return socket.data.followed.delete(key);
  }

  stopAll({ data: { followed } }: LiveSocket): void {
    for (const end of followed.values()) end.abort();
    followed.clear();
  }

  private async send(
    socket: LiveSocket,
    operation: ObjectId,
    steps: AsyncGenerator<FollowStep, void>,
    end: AbortController,
  ): Promise<void> {
    try {
      for await (const step of steps) {
        if (end.signal.aborted) return;
        const [name, data] = await this.eventOf(step, operation);
        const taken = socket.data.flow.send(JSON.stringify(data).length, MOST_WAITING, PATIENCE_MS);
        socket.emit(name, data);
        if (await taken) continue;
        this.hits.note('live_behind');
        socket.data.cutOff('a follower takes nothing');
        return;
      }
    } catch (error) {
      // it comes back with its position
      this.logger.error({ err: error, operation_id: operation.toHexString() }, 'a follower could not go on');
      socket.disconnect(true);
    } finally {
      await steps.return();
    }
  }

  private async eventOf(
    { position, result, lost }: FollowStep,
    operation: ObjectId,
  ): Promise<[string, object]> {
    const operation_id = operation.toHexString();
    if (lost !== undefined) return ['lost', { operation_id, position, ...lostData(operation, lost) }];
    if (result === undefined) return ['position', { operation_id, position }];
    const head = result.head ?? (await this.reader.headOf(result._id));
    return ['result', { ...resultData(head), position }];
  }
}
