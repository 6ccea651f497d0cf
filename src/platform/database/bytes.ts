import { type mongo } from 'mongoose';

/** @returns bytes that were read past mongoose: they come back in the driver's wrapping */
export function unwrapped(bytes: Buffer | mongo.Binary): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer.buffer, bytes.buffer.byteOffset, bytes.length());
}
