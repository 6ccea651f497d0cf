import { access, constants, readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** How this process may come to raw sockets; what `doctor` bases its advice on. */
export interface Privileges {
  isRoot: boolean;
  /** CAP_NET_RAW of this process: it has it, and it may get it from a file at all. */
  hasNetRaw: boolean;
  mayGetNetRaw: boolean;
  /** Nothing that it runs gets a privilege (no-new-privileges). */
  noNewPrivileges: boolean;
  /** Of the scamper program; null when it is not found. */
  scamper: { path: string; isSetuidRoot: boolean; isExecutable: boolean } | null;
}

const NET_RAW = 1n << 13n;
/** As programs are searched for when they are run. */
const SEARCHED = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** @param program as it is configured: a path, or a name that is searched for */
export async function privilegesHere(program: string): Promise<Privileges> {
  // Without a /proc nothing is known of capabilities: then nothing is held against them.
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
  const holds = (name: string): boolean =>
    (BigInt(`0x${field(name) ?? 'ffffffffffffffff'}`) & NET_RAW) !== 0n;
  return {
    isRoot: process.geteuid?.() === 0,
    hasNetRaw: status !== '' && holds('CapEff'),
    mayGetNetRaw: holds('CapBnd'),
    noNewPrivileges: field('NoNewPrivs') === '1',
    scamper: await programAt(program),
  };
}

async function programAt(program: string): Promise<Privileges['scamper']> {
  const paths = program.includes('/')
    ? [program]
    : SEARCHED.split(delimiter).map((each) => join(each, program));
  for (const path of paths) {
    const found = await stat(path).catch(() => null);
    if (found === null) continue;
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    return { path, isSetuidRoot: found.uid === 0 && (found.mode & 0o4000) !== 0, isExecutable };
  }
  return null;
}

const CONTAINER = 'in a container, add the capability (docker run --cap-add NET_RAW)';
const PRIVILEGE_OF_FILE =
  'allow new privileges (no security-opt no-new-privileges, no allowPrivilegeEscalation: false): the right to send comes with the file of scamper';

/** What to do when scamper may not send, for how the probe is run here. */
export function adviceForSending({
  isRoot,
  hasNetRaw,
  mayGetNetRaw,
  noNewPrivileges,
  scamper,
}: Privileges): string {
  if (!mayGetNetRaw) return `CAP_NET_RAW is taken from everything here: ${CONTAINER}`;
  if (isRoot)
    return hasNetRaw
      ? 'this is root and may send, so scamper itself fails: try it by hand, and look at what forbids it (seccomp, AppArmor, SELinux)'
      : `this is root without CAP_NET_RAW: ${CONTAINER}`;
  if (scamper === null) return 'scamper is missing';
  if (scamper.isSetuidRoot)
    return noNewPrivileges
      ? PRIVILEGE_OF_FILE
      : `${scamper.path} is setuid root and still may not send: its file system may be mounted with nosuid`;
  if (hasNetRaw)
    return 'this process has CAP_NET_RAW, but scamper wants to give root up and may not: under systemd use the unit that comes with the probe (its SystemCallFilter answers for that), elsewhere the container';
  if (noNewPrivileges) return PRIVILEGE_OF_FILE;
  return (
    `${scamper.path} is not setuid root, as Debian's is: chmod u+s ${scamper.path} (as root); ` +
    'or run the probe as the systemd unit or the container that come with it, which need no root; or as root'
  );
}

/** By what right scamper sends, for a person. */
export function rightOf({ isRoot, hasNetRaw, scamper }: Privileges): string {
  if (isRoot) return 'as root';
  if (scamper?.isSetuidRoot === true) return 'scamper is setuid root';
  return hasNetRaw ? 'this process has CAP_NET_RAW' : 'by the capability of its file';
}
