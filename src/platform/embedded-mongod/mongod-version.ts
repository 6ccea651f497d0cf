import { execFile } from 'node:child_process';

/** The oldest server that the platform is tested with. */
export const OLDEST_MAJOR = 6;
const VERSION_TIMEOUT_MS = 15_000;

export type VersionCheck =
  | { works: true; version: string }
  | { works: false; missing: boolean; reason: string };

/** Debian's and Ubuntu's package for a library that the usual mongod builds want. */
const PACKAGE_OF_LIBRARY: [RegExp, string][] = [
  [/^libcurl\.so\.4/, 'libcurl4'],
  [/^libssl\.so\.3|^libcrypto\.so\.3/, 'libssl3'],
  [/^libssl\.so\.1\.1|^libcrypto\.so\.1\.1/, 'libssl1.1'],
  [/^liblzma\.so\.5/, 'liblzma5'],
  [/^libresolv|^libc\.so|^libm\.so|^libdl|^libpthread/, 'libc6'],
  [/^libgcc_s/, 'libgcc-s1'],
  [/^libsasl2/, 'libsasl2-2'],
];

/** Runs `<path> --version`; a program of that name that does not run, or is too old, does not work. */
export function checkMongod(path: string): Promise<VersionCheck> {
  return new Promise((resolve) => {
    execFile(
      path,
      ['--version'],
      { timeout: VERSION_TIMEOUT_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        resolve(error === null ? judgeVersion(stdout) : { works: false, ...explain(error, stderr) });
      },
    );
  });
}

/** @param output of `mongod --version`, whose first line is "db version v6.0.5" */
export function judgeVersion(output: string): VersionCheck {
  const match = /db version v(\d+)\.(\d+)\.(\d+)/.exec(output);
  if (match === null) {
    return { works: false, missing: false, reason: 'it does not answer --version as a mongod does' };
  }
  const version = match.slice(1).join('.');
  return Number(match[1]) >= OLDEST_MAJOR
    ? { works: true, version }
    : {
        works: false,
        missing: false,
        reason: `it is version ${version}, and ${OLDEST_MAJOR}.0 or later is needed`,
      };
}

function explain(
  error: Error & { code?: unknown; signal?: unknown },
  stderr: string,
): { missing: boolean; reason: string } {
  if (error.code === 'ENOENT') {
    return { missing: true, reason: 'there is no such program' };
  }
  if (error.code === 'EACCES') {
    return { missing: false, reason: 'it may not be executed' };
  }
  if (error.signal === 'SIGILL') {
    return { missing: false, reason: 'this processor lacks instructions that it needs (MongoDB needs AVX)' };
  }
  return { missing: false, reason: explainOutput(stderr) ?? error.message.trim() };
}

/** The dynamic linker's complaint about a missing library, with the package that has it; undefined for other output. */
export function explainOutput(stderr: string): string | undefined {
  const library = /error while loading shared libraries: ([^:\s]+)/.exec(stderr)?.[1];
  if (library === undefined) {
    const abi = /version `([^']+)' not found/.exec(stderr)?.[1];
    return abi === undefined ? undefined : `this system's libraries are too old for it (${abi} is missing)`;
  }
  const name = PACKAGE_OF_LIBRARY.find(([pattern]) => pattern.test(library))?.[1];
  const help = name === undefined ? '' : `; on Debian and Ubuntu: apt-get install ${name}`;
  return `the shared library ${library} is missing${help}`;
}
