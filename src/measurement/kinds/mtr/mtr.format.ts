import { mtrDocument, type MtrEntry } from '@pladmed/protocol';
import type { z } from 'zod';
import { pathFigures, type ProbedHop } from '../../formats/hop-figures.js';
import { jsonFormat } from '../../formats/json.format.js';
import { type mtrFigures } from './mtr.summary.js';

/** What native probes send of a path that was probed several times. */
export const mtrFormat = jsonFormat(mtrDocument, 1, (found): z.infer<typeof mtrFigures> => ({
  type: 'mtr',
  destination: found.destination,
  dst: found.address,
  resolve_ms: found.resolve_ms,
  ...pathFigures(found.hops.map(probedHop), found.reached),
  error: found.error,
}));

/** A packet that was answered twice counts once, with its first answer. */
function probedHop({ sent, replies }: MtrEntry['hops'][number]): ProbedHop {
  const first = new Map<number, (typeof replies)[number]>();
  for (const reply of replies) if (!first.has(reply.packet)) first.set(reply.packet, reply);
  const answers = [...first.values()];
  return {
    address: answers[0]?.address ?? null,
    name: null,
    asn: [],
    sent,
    received: answers.length,
    rtts: answers.map(({ rtt_ms }) => rtt_ms),
  };
}
