import { Injectable, Logger } from '@nestjs/common';
import { type IncomingMessage, type Server } from 'node:http';

/** socket.io's `allowRequest`. */
export type Answer = (error: string | null | undefined, success: boolean) => void;

/**
 * Clients on their way in at one time, from the start of the handshake until their namespace has let them in: fewer where we are
 * slow, so that nobody waits long for a namespace; more where we are quick and clients are far away.
 */
const AT_ONCE = { least: 20, first: 100, most: 500 };
/** What the server may take for one, from the request for a namespace to its answer. */
const QUICK_MS = 200;
/** The work of handshakes in one turn of the event loop, milliseconds; then everything else has its turn. */
const TURN_MS = 8;
/** The part of the time that handshakes may take while connections wait to be accepted; what follows on one takes several times that. */
const SHARE_WHILE_ACCEPTING = 0.02;
/** By then a client has asked for a namespace; one that has not keeps its connection, but not the place of others. */
const ASKS_WITHIN_MS = 1000;
/** More than this do not wait: they are told to come back. */
const MOST_WAITING = 50_000;
/** It is said, once in this time, that so many have to wait. */
const SAID_FROM = 500;
const SAY_AGAIN_MS = 10_000;

interface Waiting {
  request: IncomingMessage;
  answer: Answer;
  forget: () => void;
}

/** The positions of those who are on their way in, by the request of their handshake. */
const positions = new WeakMap<IncomingMessage, QueuePosition>();

/** A client that is on its way in. */
class QueuePosition {
  private readonly timer: NodeJS.Timeout;
  private askedAt: number | undefined;

  /** @param left is told how long the client was served; undefined: it never asked for a namespace */
  constructor(private readonly left: (servedMs: number | undefined) => void) {
    this.timer = setTimeout(() => {
      this.leave();
    }, ASKS_WITHIN_MS).unref();
  }

  /** From here on it is our work that takes time, not the client. */
  asked(): void {
    clearTimeout(this.timer);
    this.askedAt ??= performance.now();
  }

  leave(): void {
    clearTimeout(this.timer);
    this.left(this.askedAt === undefined ? undefined : performance.now() - this.askedAt);
  }
}

/** The place of a client whose namespace is being opened; it is held until `leave`. */
export function atTheDoor(request: IncomingMessage): { leave: () => void } {
  const position = positions.get(request);
  position?.asked();
  return {
    leave: () => {
      position?.leave();
    },
  };
}

/**
 * Lets new sockets in no faster than the server can take them: when thousands of probes come back within a second, they wait here,
 * before anything was spent on them, and everybody else is served meanwhile. Nobody is refused: a fielded client waits 5 s for a
 * websocket to open, but only 1 s for its namespace once it is open. So whoever is let in is served at once, in the order of
 * coming; and who has given up is not served, or a crowd that is late would only be served too late.
 */
@Injectable()
export class HandshakePacing {
  private readonly logger = new Logger('pacing');
  private readonly queue = new Set<Waiting>();
  /** those who wait for 5 s at most go before those who wait for 20 */
  private readonly impatient = new Set<Waiting>();
  private inside = 0;
  private atOnce = AT_ONCE.first;
  /** in this turn */
  private spentMs = 0;
  private accepting = false;
  /** by the clock of `performance.now()`: when handshakes may take time again although connections wait */
  private nextShareAt = 0;
  private turn: NodeJS.Immediate | undefined;
  private saidAt = -Infinity;

  /** How many wait. */
  get waiting(): number {
    return this.queue.size + this.impatient.size;
  }

  /** For socket.io: decides when, not whether. */
  readonly allowRequest = (request: IncomingMessage, answer: Answer): void => {
    if (this.waiting >= MOST_WAITING) {
      answer('Too many are connecting; try again shortly', false);
      return;
    }
    if (this.waiting === 0 && this.hasRoom()) this.admit(request, answer);
    else this.wait(request, answer);
  };

  /**
   * Node accepts one connection in a turn of the loop, so while there is one in every turn others wait, unseen. Among them may be
   * a user, who should not wait for the handshakes of a thousand probes.
   */
  watch(server: Server): void {
    server.on('connection', () => {
      this.accepting = true;
      this.nextTurn();
    });
  }

  /** Hangs up on those who wait: the server is going away. */
  clear(): void {
    for (const { request, forget } of [...this.impatient, ...this.queue]) {
      forget();
      request.socket.destroy();
    }
  }

  private hasRoom(): boolean {
    if (this.inside >= this.atOnce) return false;
    return this.accepting ? performance.now() >= this.nextShareAt : this.spentMs < TURN_MS;
  }

  private admit(request: IncomingMessage, answer: Answer): void {
    const began = performance.now();
    this.inside += 1;
    let here = true;
    const position = new QueuePosition((servedMs) => {
      if (!here) return;
      here = false;
      request.socket.off('close', gone);
      this.inside -= 1;
      if (servedMs !== undefined) this.learn(servedMs);
      if (this.waiting > 0) this.nextTurn();
    });
    const gone = () => {
      position.leave();
    };
    request.socket.once('close', gone);
    positions.set(request, position);
    answer(null, true);
    const took = performance.now() - began;
    this.spentMs += took;
    this.nextShareAt = began + took / SHARE_WHILE_ACCEPTING;
    this.nextTurn();
  }

  private learn(servedMs: number): void {
    const limit = this.atOnce + (servedMs > QUICK_MS ? -1 : 1);
    this.atOnce = Math.min(Math.max(limit, AT_ONCE.least), AT_ONCE.most);
  }

  private wait(request: IncomingMessage, answer: Answer): void {
    const { socket } = request;
    const queue = isFielded(request) ? this.impatient : this.queue;
    // an end is only seen by who reads; what is no websocket yet is read by the HTTP server
    const isUpgrade = (request as { upgrade?: boolean }).upgrade === true;
    const readable = () => {
      // a client that speaks before it was answered is heard later
      const early = socket.read() as Buffer | null;
      if (early === null) return;
      socket.off('readable', readable);
      socket.unshift(early);
    };
    const gone = () => {
      waiting.forget();
      socket.destroy();
    };
    const waiting: Waiting = {
      request,
      answer,
      forget: () => {
        queue.delete(waiting);
        socket.off('readable', readable).off('end', gone).off('close', gone).off('error', gone);
      },
    };
    socket.on('end', gone).on('close', gone).on('error', gone);
    if (isUpgrade) socket.on('readable', readable);
    queue.add(waiting);
    this.say();
    this.nextTurn();
  }

  /** What waits is looked at again when everything else has had its turn. */
  private nextTurn(): void {
    this.turn ??= setImmediate(() => {
      this.turn = undefined;
      this.spentMs = 0;
      for (const queue of [this.impatient, this.queue]) {
        for (const { request, answer, forget } of queue) {
          if (!this.hasRoom()) break;
          forget();
          this.admit(request, answer);
        }
      }
      this.accepting = false;
      if (this.waiting > 0 && this.inside < this.atOnce) this.nextTurn();
    });
  }

  private say(): void {
    const now = performance.now();
    if (this.waiting < SAID_FROM || now - this.saidAt < SAY_AGAIN_MS) return;
    this.saidAt = now;
    this.logger.warn(
      { waiting: this.waiting },
      'many are connecting at once; they are let in one after another',
    );
  }
}

/** Only the classic protocol has a probe's token in the query. */
function isFielded({ url = '' }: IncomingMessage): boolean {
  return /[?&]token=/.test(url);
}
