import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

/** A resolver of the host: its address, with the interface of a link-local one (`fe80::1%eth0`), and its port. */
export interface Nameserver {
  address: string;
  port: number;
}

const FILE = '/etc/resolv.conf';
const PORT = 53;
/** The C library reads no more (MAXNS). */
const MOST = 3;
/** What the C library asks where the file names none, or is not there (resolv.conf(5)). */
const LOCAL: Nameserver = { address: '127.0.0.1', port: PORT };

/** The resolvers of the host as they are now: the file is read anew each time. */
export async function systemResolvers(file = FILE): Promise<[Nameserver, ...Nameserver[]]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [first = LOCAL, ...others] = readResolvConf(text);
  return [first, ...others];
}

/** The lines `nameserver` of resolv.conf(5), as the C library reads them; what it would not understand is passed over. */
export function readResolvConf(text: string): Nameserver[] {
  return text
    .split(/\r?\n/)
    .flatMap((line) => /^nameserver[ \t]+([^ \t;#]+)/.exec(line)?.[1] ?? [])
    .flatMap((word) => readServer(word) ?? [])
    .slice(0, MOST);
}

/** `192.0.2.53`, `2001:db8::53`, `fe80::1%eth0`, and with a port, as some resolver libraries write it: `192.0.2.53:53`, `[2001:db8::53]:53`. */
function readServer(word: string): Nameserver | null {
  if (isIP(word) !== 0) return { address: word, port: PORT };
  const [, six, four, port = String(PORT)] = /^(?:\[(.+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(word) ?? [];
  const address = six ?? four ?? '';
  if (isIP(address) === 0 || Number(port) < 1 || Number(port) > 65_535) return null;
  return { address, port: Number(port) };
}

/** For people: without the usual port. */
export function nameOf({ address, port }: Nameserver): string {
  if (port === PORT) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
