import type { Cycle, CycleStartRecord, CycleStopRecord } from '../records/types.js';
import { optional, quote } from './text.js';

/** A cycle's beginning or end as sc_warts2json prints it. */
export function cycleJson(record: CycleStartRecord | CycleStopRecord): string {
  if (record.type === 'cycle-start')
    return cycle(record.type, record.cycle, 'start_time', record.cycle.start_sec);
  return cycle(record.type, record.cycle, 'stop_time', record.stop_sec);
}

function cycle(type: string, { list, id, hostname }: Cycle, key: string, sec: number): string {
  const host = optional('hostname', hostname === undefined ? undefined : quote(hostname));
  return `{"type":"${type}", "list_name":${quote(list.name)}, "id":${id}${host}, "${key}":${sec}}`;
}
