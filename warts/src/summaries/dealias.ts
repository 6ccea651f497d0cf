import { DEALIAS_RESULTS } from '../json/dealias.js';
import type { DealiasRecord } from '../records/dealias.js';
import type { Timeval } from '../records/types.js';

/** Alias resolution in figures. */
export interface DealiasSummary {
  type: 'dealias';
  start: Timeval;
  method: string;
  result: string;
  sent: number;
  /** Probes with at least one reply. */
  received: number;
  /**
   * Groups of addresses that the record says are of one router. Radargun and the methods of MIDAR leave it to later
   * analysis: none.
   */
  aliases: string[][];
}

const ALIASES = 1;

/** @internal */
export function summarizeDealias(dealias: DealiasRecord): DealiasSummary {
  const { start, method, result, probes } = dealias;
  return {
    type: 'dealias',
    start,
    method: method.name,
    result: DEALIAS_RESULTS[result] ?? String(result),
    sent: probes.length,
    received: probes.filter(({ replies }) => replies.length > 0).length,
    aliases: result === ALIASES ? aliasesOf(dealias) : [],
  };
}

function aliasesOf({ method, definitions, probes }: DealiasRecord): string[][] {
  const addresses = definitions.map(({ dst }) => dst.toString());
  switch (method.name) {
    case 'mercator':
      // Another address than that which was probed answered.
      return groupOf([
        ...addresses,
        ...probes.flatMap(({ replies }) => replies.map(({ src }) => src.toString())),
      ]);
    case 'ally':
    case 'bump':
      return groupOf(addresses);
    case 'prefixscan':
      return method.ab === undefined ? [] : groupOf([method.a.toString(), method.ab.toString()]);
    default:
      return [];
  }
}

function groupOf(addresses: readonly string[]): string[][] {
  const group = [...new Set(addresses)];
  return group.length > 1 ? [group] : [];
}
