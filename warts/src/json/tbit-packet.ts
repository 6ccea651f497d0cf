import type { TbitPacket, TbitRecord } from '../records/tbit.js';
import { TBIT_RECEIVED, TBIT_SENT } from '../records/tbit.js';
import type { Timeval } from '../records/types.js';
import { parsePacket, TcpFlag, type PacketHeaders, type TcpHeader } from './packet-headers.js';
import { tcpOptions } from './tcp-options.js';
import { flagNames } from './text.js';

const TCP_FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr'];

/** The packets of a tbit record, and the initial sequence numbers of both sides, as far as they were seen. */
export interface TbitPackets {
  json: string[];
  clientIsn: number | undefined;
  serverIsn: number | undefined;
}

export function tbitPackets(tbit: TbitRecord, isNew: boolean): TbitPackets {
  const seen: TbitPackets = { json: [], clientIsn: undefined, serverIsn: undefined };
  for (const packet of tbit.packets) {
    const headers = parsePacket(packet.data);
    noteIsn(seen, headers.tcp);
    seen.json.push(packetJson(tbit.start, packet, headers, seen, isNew));
  }
  return seen;
}

function noteIsn(seen: TbitPackets, tcp: TcpHeader | undefined): void {
  if (tcp === undefined || (tcp.flags & TcpFlag.Syn) === 0) return;
  if (tcp.flags & TcpFlag.Ack) seen.serverIsn ??= tcp.seq;
  else seen.clientIsn ??= tcp.seq;
}

function packetJson(
  start: Timeval,
  packet: TbitPacket,
  { ip, tcp }: PacketHeaders,
  seen: TbitPackets,
  isNew: boolean,
): string {
  let text = `{"dir":${directionName(packet.direction)}${timeSince(start, packet.time)}, "len":${packet.data.length}`;
  if (ip !== undefined) {
    text += `, "ip_hlen":${ip.header_bytes}, "ip_ecn":${ip.ecn}, "ip_ttl":${ip.ttl}`;
    if (ip.fragment !== undefined) {
      const { id, offset, more } = ip.fragment;
      text += `, "frag_id":${id}, "frag_off":${offset}, "frag_mf":${more ? 1 : 0}`;
    }
    if (ip.version === 4) text += ', "frag_df":0';
  }
  if (tcp !== undefined) text += tcpJson(packet.direction, tcp, seen, isNew);
  return text + '}';
}

function directionName(direction: number): string {
  if (direction === TBIT_SENT) return '"tx"';
  return direction === TBIT_RECEIVED ? '"rx"' : String(direction);
}

function timeSince(start: Timeval, time: Timeval): string {
  let sec = time.sec - start.sec;
  let usec = time.usec - start.usec;
  if (usec < 0) {
    sec--;
    usec += 1_000_000;
  }
  return `, "tv_sec":${sec >>> 0}, "tv_usec":${usec >>> 0}`;
}

function tcpJson(direction: number, tcp: TcpHeader, seen: TbitPackets, isNew: boolean): string {
  const { clientIsn = 0, serverIsn = 0 } = seen;
  const isSent = direction === TBIT_SENT;
  const ownIsn = isSent ? clientIsn : serverIsn;
  const otherIsn = isSent ? serverIsn : clientIsn;
  // A reset that answers a segment without an ACK has sequence number 0, which is relative to nothing.
  const isBareReset = !isSent && (tcp.flags & TcpFlag.Rst) !== 0 && tcp.seq === 0;
  return (
    `, "tcp_hlen":${isNew ? '' : ' '}${tcp.header_bytes}, "tcp_flags":[${flagNames(TCP_FLAGS, tcp.flags, 8)}]` +
    `, "tcp_options":[${tcpOptions(tcp.options, otherIsn, isNew)}]` +
    `, "tcp_seq":${isBareReset ? 0 : (tcp.seq - ownIsn) >>> 0}` +
    (tcp.flags & TcpFlag.Ack ? `, "tcp_ack":${(tcp.ack - otherIsn) >>> 0}` : '') +
    `, "tcp_datalen":${tcp.data_bytes}, "tcp_win":${tcp.window}`
  );
}
