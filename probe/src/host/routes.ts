import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { errorCode, messageOf } from '../platform/errors.js';
import type { Families } from '../protocol/protocol.js';

/** Any port: nothing is sent there. */
const DISCARD = 9;

/** Root servers (a.root-servers.net): addresses that a host with a way to the Internet has a route to. */
const FAR_AWAY = { ipv4: '198.41.0.4', ipv6: '2001:503:ba3e::2:30' } as const;

/** What the kernel says where nothing in its table fits, or the family is not there at all. */
const NO_WAY: ReadonlySet<string> = new Set(['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * Asks the host's routing table for an address, as it is now. Connecting a UDP socket looks the route up and sends nothing.
 * @returns the error's word (`ENETUNREACH`, `EHOSTUNREACH`, `EADDRNOTAVAIL` ...), or null where there is a route
 */
export function routeProblem(address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    let isOver = false;
    const finish = (error?: Error | null): void => {
      if (isOver) return;
      isOver = true;
      socket.close();
      resolve(error ? (errorCode(error) ?? messageOf(error)) : null);
    };
    // Stays: where the host has no such family at all, binding fails before.
    socket.on('error', finish);
    // node calls this with an error too, which its types do not know
    socket.connect(DISCARD, address, finish);
  });
}

/**
 * Why no packet gets to an address, as the host's routes are now.
 * @returns `no_family` where the host has no route to the Internet of this family either; else the error's word; null: there is a route
 */
export async function missingRoute(address: string): Promise<string | null> {
  const problem = await routeProblem(address);
  if (problem === null || !NO_WAY.has(problem)) return problem;
  const away = isIPv6(address) ? FAR_AWAY.ipv6 : FAR_AWAY.ipv4;
  return (await routeProblem(away)) === null ? problem : 'no_family';
}

/** Finds out over which families the host reaches others: it has a route to the Internet, or an address beyond its own links. */
export async function findFamilies(interfaces = networkInterfaces): Promise<Families> {
  const [four, six] = await Promise.all([routeProblem(FAR_AWAY.ipv4), routeProblem(FAR_AWAY.ipv6)]);
  const outward = addressesOf(interfaces).filter(
    ({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/.test(address),
  );
  return {
    ipv4: four === null || outward.some(({ family }) => family === 'IPv4'),
    ipv6: six === null || outward.some(({ family }) => family === 'IPv6'),
  };
}

/** @returns none where the system does not tell (`uv_interface_addresses` needs netlink sockets): then the routes alone count */
function addressesOf(interfaces: typeof networkInterfaces): NetworkInterfaceInfo[] {
  try {
    return Object.values(interfaces()).flatMap((each) => each ?? []);
  } catch {
    return [];
  }
}
