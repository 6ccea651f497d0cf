import type { WartsRecord } from '../../record.js';
import { cycleJson } from '../cycle.js';
import { tbitJson } from '../tbit.js';
import { tracelbJson } from '../tracelb.js';
import { dealiasJson } from './dealias.js';
import { hostJson } from './host.js';
import { neighbourJson } from './neighbour.js';
import { owampJson } from './owamp.js';
import { pingJson } from './ping.js';
import { traceJson } from './trace.js';
import { udpprobeJson } from './udpprobe.js';

/** The line that sc_warts2json of scamper 20260420 prints for a record; undefined for records that it does not print. */
export function recordToJson2026(record: WartsRecord): string | undefined {
  switch (record.type) {
    case 'cycle-start':
    case 'cycle-stop':
      return cycleJson(record);
    case 'trace':
      return traceJson(record);
    case 'ping':
      return pingJson(record);
    case 'tracelb':
      return tracelbJson(record, '2026');
    case 'dealias':
      return dealiasJson(record);
    case 'neighbourdisc':
      return neighbourJson(record);
    case 'tbit':
      return tbitJson(record, '2026');
    case 'host':
      return hostJson(record);
    case 'udpprobe':
      return udpprobeJson(record);
    case 'owamp':
      return owampJson(record);
    default:
      return undefined;
  }
}
