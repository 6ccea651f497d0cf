import { type Logger } from '@nestjs/common';
import { type Socket } from 'socket.io';

/** What came as one message, without the function that answers it. */
export interface ReceivedMessage {
  /** what it says: one value, or a list of several */
  content: unknown;
  acknowledge: ((answer: unknown) => void) | undefined;
}

/** @param received the arguments of a listener */
export function messageOf(received: readonly unknown[]): ReceivedMessage {
  const last = received.at(-1);
  const acknowledge = typeof last === 'function' ? (last as (answer: unknown) => void) : undefined;
  const told = acknowledge === undefined ? received : received.slice(0, -1);
  return { content: told.length > 1 ? told : told[0], acknowledge };
}

/**
 * Takes one kind of message past Nest's pipes, guards and streams: for those of which thousands come in a second.
 * @param take answers; undefined: nothing is said. What it throws is a fault of ours: the log has it, and nothing is said
 */
export function takeMessages(
  socket: Pick<Socket, 'on' | 'disconnected'>,
  name: string,
  logger: Pick<Logger, 'error'>,
  take: (content: unknown) => Promise<unknown>,
): void {
  const answer = async ({ content, acknowledge }: ReceivedMessage): Promise<void> => {
    try {
      const answered = await take(content);
      if (answered !== undefined && !socket.disconnected) acknowledge?.(answered);
    } catch (error) {
      logger.error({ err: error, message: name }, 'a message could not be taken');
    }
  };
  socket.on(name, (...received: unknown[]) => void answer(messageOf(received)));
}
