/**
 * The packed package read by `for await` in Node, in Debian's chromium and in Deno: `make test-platforms` brings both.
 * What is not there is skipped; `DENO` names a Deno that is not in the PATH.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jsonLines } from '../src/index.js';
import { packWarts } from './support/pack.js';

const run = promisify(execFile);
const MINUTES = 60_000;
const WARTS = gunzipSync(readFileSync(join(import.meta.dirname, 'fixtures/2026/planned-pings.warts.gz')));
const EXPECTED = jsonLines(WARTS, {}, '2026').lines.join('\n');

/** Of a stream of the web or of the platform: what each of the three runs. */
const READ = `
  async function read(stream) {
    const lines = [];
    for await (const record of decode(stream)) {
      const line = recordToJson(record, '2026');
      if (line !== undefined) lines.push(line);
    }
    return lines.join('\\n');
  }`;
const PROGRAMS: Readonly<Record<string, string>> = {
  'node.mjs': `import { createReadStream } from 'node:fs';
    import { decode, recordToJson } from '@pladmed/warts';
    ${READ}
    console.log(await read(createReadStream('planned.warts')));`,
  'deno.mjs': `import { decode, recordToJson } from './node_modules/@pladmed/warts/dist/index.js';
    ${READ}
    console.log(await read((await Deno.open('planned.warts')).readable));`,
  'page.html': `<!doctype html><script type="module">
    import { decode, recordToJson } from '/node_modules/@pladmed/warts/dist/index.js';
    ${READ}
    const text = await read((await fetch('/planned.warts')).body);
    await fetch('/answer', { method: 'POST', body: text });</script>`,
};

const folder = mkdtempSync(join(tmpdir(), 'warts-platforms-'));
beforeAll(() => {
  packWarts(folder);
  writeFileSync(join(folder, 'planned.warts'), WARTS);
  for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(folder, name), text);
}, 3 * MINUTES);
afterAll(() => {
  // a browser that was ended may still be writing its profile
  rmSync(folder, { recursive: true, maxRetries: 20, retryDelay: 100 });
});

function runs(program: string): boolean {
  const { status } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  if (status !== 0) console.warn(`Not tried in ${program}: it is not installed (make test-platforms).`);
  return status === 0;
}
const deno = process.env['DENO'] ?? 'deno';
const withDeno = runs(deno) ? it : it.skip;
const withBrowser = runs('chromium') ? it : it.skip;

/** Serves the folder on the loopback; what is posted to /answer fulfils `answer`. */
async function serve(): Promise<{ server: Server; url: string; answer: Promise<string> }> {
  let resolve: (text: string) => void = () => undefined;
  const answer = new Promise<string>((done) => (resolve = done));
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        resolve(Buffer.concat(chunks).toString());
        response.end();
      });
      return;
    }
    const path = request.url ?? '/';
    try {
      const body = readFileSync(join(folder, path));
      const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
      response.setHeader('content-type', type).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/page.html`, answer };
}

describe('for await (const record of decode(stream))', () => {
  it(
    'in Node',
    async () => {
      const { stdout } = await run(process.execPath, ['node.mjs'], { cwd: folder, maxBuffer: 1 << 26 });
      expect(stdout.trimEnd()).toBe(EXPECTED);
    },
    3 * MINUTES,
  );

  withDeno(
    'in Deno',
    async () => {
      const { stdout } = await run(deno, ['run', '--allow-read', 'deno.mjs'], {
        cwd: folder,
        maxBuffer: 1 << 26,
        env: { ...process.env, DENO_DIR: join(folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
      });
      expect(stdout.trimEnd()).toBe(EXPECTED);
    },
    3 * MINUTES,
  );

  withBrowser(
    'in chromium',
    async () => {
      const { server, url, answer } = await serve();
      const args = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
      const stopped = new AbortController();
      const browser = run('chromium', [...args, `--user-data-dir=${join(folder, 'profile')}`, url], {
        signal: stopped.signal,
        killSignal: 'SIGTERM',
      });
      try {
        // A browser that ends by itself has shown nothing.
        expect(await Promise.race([answer, browser.then(({ stderr }) => stderr)])).toBe(EXPECTED);
      } finally {
        stopped.abort();
        await browser.catch(() => undefined);
        server.close();
        server.closeAllConnections();
      }
    },
    4 * MINUTES,
  );
});
