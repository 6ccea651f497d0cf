import { mtrDocument, type MtrEntry, readDocument } from '@pladmed/protocol';
import type { z } from 'zod';
import { type Digest, type Format } from '../../formats/format.js';
import { pathFigures, type ProbedHop } from '../../formats/hop-figures.js';
import { jsonFormat } from '../../formats/json.format.js';
import { hopNumbers, packRtts } from '../../formats/rtts.js';
import { type mtrFigures } from './mtr.summary.js';

const base = jsonFormat(mtrDocument, 2, (found): z.infer<typeof mtrFigures> => ({
  type: 'mtr',
  destination: found.destination,
  dst: found.address,
  resolve_ms: found.resolve_ms,
  ...pathFigures(found.hops.map(probedHop), found.reached),
  error: found.error,
}));

/** What native probes send of a path that was probed several times. */
export const mtrFormat: Format = {
  ...base,

  async digest(raw: Buffer): Promise<Digest> {
    const digest = await base.digest(raw);
    const entries = readDocument(mtrDocument, raw);
    if (typeof entries === 'string') return digest;
    const hopsOf = (entry: (typeof entries)[number]) =>
      'value' in entry ? entry.value.hops.map(probedHop) : [];
    const rtts = packRtts(entries.map((entry) => hopNumbers(hopsOf(entry))));
    return { ...digest, ...(rtts && { rtts }) };
  },
};

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
