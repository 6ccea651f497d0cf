import { TBIT_RECEIVED, type TbitRecord } from '../records/tbit.js';
import type { TbitInitialWindow } from '../records/tbit-parts.js';
import { parsePacket, TcpFlag, type TcpHeader } from './packet-headers.js';

/** Segments further than this from the start are none of the first window. */
const WINDOW_BYTES = 0xffff;

/**
 * Bytes of a server's initial congestion window: what came from the start on until the segment at the start came
 * again, for the server sends it again when it has sent all that it may. Undefined if it did not come again.
 */
export function initialWindowBytes(tbit: TbitRecord, { start_seq }: TbitInitialWindow): number | undefined {
  let isn: number | undefined;
  let sawStart = false;
  let window = 0;
  for (const { direction, data } of tbit.packets) {
    const { tcp } = parsePacket(data);
    if (tcp === undefined) continue;
    if (isSynAck(tcp)) isn ??= tcp.seq;
    if (isn === undefined || direction !== TBIT_RECEIVED || !isSegment(tcp)) continue;
    const offset = (tcp.seq - isn - start_seq) >>> 0;
    if (offset === 0 && sawStart) return window;
    sawStart ||= offset === 0;
    window = Math.max(window, endInWindow(offset, tcp.data_bytes));
  }
  return undefined;
}

function isSynAck(tcp: TcpHeader): boolean {
  return (tcp.flags & TcpFlag.Syn) !== 0 && (tcp.flags & TcpFlag.Ack) !== 0;
}

function isSegment(tcp: TcpHeader): boolean {
  return tcp.data_bytes > 0 || (tcp.flags & TcpFlag.Fin) !== 0;
}

/** Where a segment ends, counted from the start; 0 if both of its ends lie outside of the window. */
function endInWindow(offset: number, bytes: number): number {
  if (offset < WINDOW_BYTES) return offset + bytes;
  const end = (offset + bytes) >>> 0;
  return end < WINDOW_BYTES ? end : 0;
}
