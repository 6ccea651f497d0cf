import mongoose from 'mongoose';
import { z } from 'zod';

export const ObjectId = mongoose.mongo.ObjectId;
export type ObjectId = mongoose.mongo.ObjectId;

const ID = /^[0-9a-fA-F]{24}$/;

/** An id as servers send it to each other. */
export const hexId = z.string().regex(/^[0-9a-f]{24}$/);

/** @returns the id that 24 hexadecimal digits name; undefined for anything else */
export function parseId(text: unknown): ObjectId | undefined {
  return typeof text === 'string' && ID.test(text) ? new ObjectId(text) : undefined;
}
