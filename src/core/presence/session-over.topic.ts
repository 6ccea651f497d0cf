import { z } from 'zod';
import { type Topic } from '../../platform/bus/platform-bus.js';
import { hexId } from '../../platform/database/object-id.js';

/** A session was ended in the database by another server than the one that has its socket. */
export const SESSION_OVER: Topic<{ probe: string; session: string }> = {
  name: 'session-over',
  schema: z.object({ probe: hexId, session: hexId }),
};
