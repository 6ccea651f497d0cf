/** Bits of a TCP header's flags. */
export const TcpFlag = { Fin: 0x01, Syn: 0x02, Rst: 0x04, Ack: 0x10 } as const;

export interface IpHeader {
  version: 4 | 6;
  /** Length of the header, IPv6 extension headers included. */
  header_bytes: number;
  ecn: number;
  ttl: number;
  fragment: { id: number; offset: number; more: boolean } | undefined;
  /** Length of the packet as its header says, whatever was captured of it. */
  total_bytes: number;
  /** Number of the protocol behind the header. */
  protocol: number;
}

export interface TcpHeader {
  header_bytes: number;
  flags: number;
  options: Uint8Array;
  seq: number;
  ack: number;
  data_bytes: number;
  window: number;
}

/** What the headers of a captured packet say; a part that is not wholly there is left out. */
export interface PacketHeaders {
  ip?: IpHeader;
  tcp?: TcpHeader;
}

const TCP = 6;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const TCP_BYTES = 20;
/** IPv6 extension headers: hop-by-hop options, routing, fragment, destination options. */
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;

export function parsePacket(data: Uint8Array): PacketHeaders {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const ip = parseIp(view);
  if (ip === undefined) return {};
  const isFirst = ip.fragment === undefined || ip.fragment.offset === 0;
  if (!isFirst || ip.protocol !== TCP || ip.header_bytes + TCP_BYTES > data.length) return { ip };
  return { ip, tcp: parseTcp(view, data, ip) };
}

function parseIp(view: DataView): IpHeader | undefined {
  const version = view.byteLength > 0 ? view.getUint8(0) >>> 4 : 0;
  if (version === 4 && view.byteLength >= IPV4_BYTES) return parseIPv4(view);
  if (version === 6 && view.byteLength >= IPV6_BYTES) return parseIPv6(view);
  return undefined;
}

function parseIPv4(view: DataView): IpHeader {
  const fragment = view.getUint16(6);
  return {
    version: 4,
    header_bytes: (view.getUint8(0) & 15) * 4,
    total_bytes: view.getUint16(2),
    ecn: view.getUint8(1) & 3,
    ttl: view.getUint8(8),
    fragment: { id: view.getUint16(4), offset: (fragment & 0x1fff) * 8, more: (fragment & 0x2000) !== 0 },
    protocol: view.getUint8(9),
  };
}

function parseIPv6(view: DataView): IpHeader {
  const ip: IpHeader = {
    version: 6,
    header_bytes: IPV6_BYTES,
    total_bytes: IPV6_BYTES + view.getUint16(4),
    ecn: (view.getUint8(1) >>> 4) & 3,
    ttl: view.getUint8(7),
    fragment: undefined,
    protocol: view.getUint8(6),
  };
  while (skipExtension(view, ip));
  return ip;
}

/** Go past one extension header; false if there is none. */
function skipExtension(view: DataView, ip: IpHeader): boolean {
  const at = ip.header_bytes;
  if (at + 8 > view.byteLength) return false;
  switch (ip.protocol) {
    case FRAGMENT:
      ip.fragment = {
        id: view.getUint32(at + 4),
        offset: view.getUint16(at + 2) & 0xfff8,
        more: (view.getUint8(at + 3) & 1) !== 0,
      };
      ip.header_bytes += 8;
      break;
    case HOP_BY_HOP:
    case ROUTING:
    case DESTINATION_OPTIONS:
      ip.header_bytes += (view.getUint8(at + 1) + 1) * 8;
      break;
    default:
      return false;
  }
  ip.protocol = view.getUint8(at);
  return true;
}

function parseTcp(view: DataView, data: Uint8Array, ip: IpHeader): TcpHeader {
  const at = ip.header_bytes;
  const header_bytes = (view.getUint8(at + 12) >>> 4) * 4;
  return {
    header_bytes,
    flags: view.getUint8(at + 13),
    options: data.subarray(at + TCP_BYTES, Math.max(at + header_bytes, at + TCP_BYTES)),
    seq: view.getUint32(at + 4),
    ack: view.getUint32(at + 8),
    // As scamper counts it, in 16 bits.
    data_bytes: (ip.total_bytes - at - header_bytes) & 0xffff,
    window: view.getUint16(at + 14),
  };
}
