import { type Socket } from 'socket.io';
import { type UserEntity } from '../../core/users/index.js';
import { type Flow } from './flow.js';
import { type SlowConsumerGuard } from './slow-consumer-guard.js';

export interface LiveSocketData {
  open?: UserEntity;
  pace: SlowConsumerGuard;
  flow: Flow;
  /** by operation: what ends the following of its results */
  followed: Map<string, AbortController>;
  /** ends the connection, and says why to a reader that still reads @param why for the log */
  cutOff: (why: string) => void;
}

type Events = Record<string, (data: object) => void>;

export type LiveSocket = Socket<Record<string, never>, Events, Record<string, never>, LiveSocketData>;
