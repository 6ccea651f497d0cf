import {
  type ItemAnswer,
  type Reconnect,
  type RequestError,
  resultItem as anyResultItem,
  type StatusAnswer,
  type Stop,
  type Sync,
} from '@pladmed/protocol';
import { z } from 'zod';
import { KIND_FORMATS, type KindFormat } from '../../measurement/kinds/index.js';

export const NATIVE_FORMATS = Object.keys(KIND_FORMATS) as KindFormat[];

/** A part of a sync has at most so many operations, and so many bytes of them, or is one operation. */
export const SYNC_PART = { items: 500, bytes: 256 * 1024 } as const;
/**
 * A probe that does not know parts drops what a full sync does not name, so it gets everything in one message while that is less
 * than the 16 MiB that it has to take.
 */
export const SYNC_WHOLE = { items: 10_000, bytes: 16 * 1024 * 1024 - 64 * 1024 } as const;

/** Of `results`: in a format that some kind has; which of them it has to be depends on the operation. */
export const resultItem = anyResultItem.extend({ format: z.enum(NATIVE_FORMATS) });

export interface ServerToProbe {
  sync: (message: Sync, acknowledge: (answer: unknown) => void) => void;
  stop: (message: Stop, acknowledge: (answer: unknown) => void) => void;
  reconnect: (message: Reconnect, acknowledge: (answer: unknown) => void) => void;
}

export interface ProbeToServer {
  results: (items: unknown, acknowledge: (answer: { items: ItemAnswer[] } | RequestError) => void) => void;
  failed: (items: unknown, acknowledge: (answer: { items: ItemAnswer[] } | RequestError) => void) => void;
  status: (message: unknown, acknowledge: (answer: StatusAnswer | RequestError) => void) => void;
}
