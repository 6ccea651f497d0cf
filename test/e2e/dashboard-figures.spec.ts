import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { type Browser, type Page } from 'playwright-core';
import { ApiWorld, type Registered } from '../support/api-world.js';
import { fillMonth } from '../bench/series.bench.js';
import { callAs } from '../bench/platform.js';
import { keepSession, openPage, settled, startBrowser } from '../support/browser.js';
import { type NativeProbe, pingResult } from '../support/native-probe.js';
import { madePings } from '../support/pings.js';

const PROBES = 10_000;
const MOVES = 40;
/** Of live results: so many seconds (LIVE_SECONDS), so many a second (LIVE_RATE). */
const LIVE_SECONDS = Number(process.env['LIVE_SECONDS'] ?? 300);
const LIVE_RATE = Number(process.env['LIVE_RATE'] ?? 200);
const LIVE_PROBES = 20;
const LONG_MS = 3_600_000;

/** What a page costs; prints figures, and asserts none: `make web-figures`. */
(process.env['WEB_FIGURES'] === undefined ? describe.skip : describe)('figures of the dashboard', () => {
  let world: ApiWorld;
  let browser: Browser;

  beforeAll(async () => {
    world = await ApiWorld.startProcess();
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  /** @returns a reading of how many seconds of processor time the main thread has taken since: it is counted while one session lasts */
  async function clockOf(page: Page): Promise<() => Promise<number>> {
    const session = await page.context().newCDPSession(page);
    // of the processor: on a busy machine a task waits more than it works
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    return async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN;
    };
  }

  it(`drags a map of ${PROBES} probes`, async () => {
    const owner = await world.account();
    const one = await world.probe(owner, { name: 'one' });
    const { body } = await owner.api.get<Registered>(`/api/v1/probes/${one.id}`);
    const items = Array.from({ length: PROBES }, (_, index) => ({
      ...body,
      id: index.toString(16).padStart(24, '0'),
      name: `probe ${index}`,
      connected: index % 3 !== 0,
      location: { longitude: ((index * 137.5) % 360) - 180, latitude: ((index * 61.8) % 140) - 70 },
    }));
    const { page } = await openPage(browser);
    await keepSession(page, owner.api.token);
    await page.route('**/api/v1/probes?*', (route) => {
      const at = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
      const next = at + 1_000 < PROBES ? String(at + 1_000) : null;
      return route.fulfill({ json: { items: items.slice(at, at + 1_000), next } });
    });
    await page.goto(`${world.server.url}/app/probes`);
    await settled(page);
    const map = page.getByRole('img', { name: /^Map of 10,000 probes/ });
    await map.waitFor();
    const box = await map.boundingBox();
    if (box === null) throw new Error('the map is not in sight');
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await page.mouse.move(box.x + 200, box.y + 150);
    await page.mouse.down();
    const busy = await clockOf(page);
    const before = await busy();
    for (let move = 1; move <= MOVES; move += 1) {
      await page.mouse.move(box.x + 200 + 2 * move, box.y + 150 + move);
      await page.evaluate('new Promise((done) => requestAnimationFrame(done))');
    }
    const each = (1_000 * ((await busy()) - before)) / MOVES;
    await page.mouse.up();
    console.log(
      `a drag over ${PROBES} probes: ${each.toFixed(1)} ms of processor time of the page's thread for each move`,
    );
    expect(each).toBeGreaterThan(0);
    await page.context().close();
  });

  it(
    'draws a month of a minutely ping on 100 probes',
    async () => {
      const owner = await world.account(1_000_000_000);
      const call = callAs(world.server.url, owner.api.token);
      const { id } = await fillMonth({ call }, world.database);
      const { page } = await openPage(browser);
      await keepSession(page, owner.api.token);
      const name = 'ping 192.0.2.1';
      const busy = await clockOf(page);
      for (let visit = 1; visit <= 5; visit += 1) {
        await page.goto(`${world.server.url}/app/operations?whose=mine`);
        const link = page.getByRole('link', { name });
        await link.waitFor();
        const before = await busy();
        const took = await page.evaluate(CLICK_TO_PLOT, name);
        const work = 1_000 * ((await busy()) - before);
        console.log(
          `a month of a minutely ping on 100 probes: drawn ${took.toFixed(0)} ms after the click, ` +
            `${work.toFixed(0)} ms of processor time of the page's thread (visit ${visit})`,
        );
        expect(took).toBeGreaterThan(0);
        expect(page.url()).toContain(id);
      }
      await page.context().close();
    },
    LONG_MS,
  );

  it(
    `follows ${LIVE_RATE} results a second for ${LIVE_SECONDS} s`,
    async () => {
      const owner = await world.account(1_000_000_000);
      const probes = await Promise.all(
        Array.from({ length: LIVE_PROBES }, (_, which) => world.probe(owner, { name: `probe ${which}` })),
      );
      const stop = new Date(Date.now() + 600_000 + LIVE_SECONDS * 15_000).toISOString();
      const operation = await world.operation(owner, probes, {
        schedule: { type: 'interval', every_s: 1, stop },
      });
      const runs = Math.ceil((LIVE_RATE * LIVE_SECONDS) / LIVE_PROBES) + 60;
      const due = await world.began(operation, runs * 1_000);
      const links = await Promise.all(probes.map((probe) => world.connect(probe)));
      await Promise.all(links.map((link) => link.told(operation.id)));
      const { page } = await openPage(browser);
      await keepSession(page, owner.api.token);
      await page.goto(`${world.server.url}/app/operations/${operation.id}`);
      await settled(page);
      const began = performance.now();
      let sent = 0;
      const ends = [0.02, 0.25, 0.5, 0.75, 1].map((share) => share * LIVE_SECONDS * 1_000);
      while (ends.length > 0) {
        const now = performance.now() - began;
        // each probe brings what is due of it by now
        const upTo = Math.min(runs, Math.floor((now / 1_000) * (LIVE_RATE / LIVE_PROBES)));
        if (upTo > sent) await Promise.all(links.map((link) => bring(link, operation.id, due, sent, upTo)));
        sent = Math.max(sent, upTo);
        if (now >= (ends[0] ?? 0)) {
          ends.shift();
          console.log(
            `after ${Math.round(now / 1_000)} s and ${sent * LIVE_PROBES} live results: ${await memoryOf(browser, page)}`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(sent).toBeGreaterThan(0);
      await page.context().close();
    },
    LONG_MS,
  );
});

/** In the page: clicks a link, and waits until the plot has drawn. @returns milliseconds */
const CLICK_TO_PLOT = (name: string): Promise<number> => {
  const { document, performance, requestAnimationFrame } = globalThis as unknown as {
    document: {
      querySelectorAll(css: string): Iterable<{ textContent: string; click(): void }>;
      querySelector(css: string): unknown;
    };
    performance: { now(): number };
    requestAnimationFrame(then: () => void): void;
  };
  const link = [...document.querySelectorAll('a')].find(({ textContent }) => textContent === name);
  const from = performance.now();
  link?.click();
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.querySelector('[role=img][aria-label^="Round-trip time"] canvas') === null)
        requestAnimationFrame(look);
      // the frame after the one in which it was drawn
      else
        requestAnimationFrame(() => {
          requestAnimationFrame(() => {
            resolve(performance.now() - from);
          });
        });
    };
    look();
  });
};

async function bring(
  link: NativeProbe,
  operation: string,
  due: (run: number) => string,
  from: number,
  to: number,
): Promise<void> {
  for (let at = from; at < to; at += 50) {
    const batch = Array.from({ length: Math.min(50, to - at) }, (_, index) => at + index);
    const answers = (run: number) => [{ packet: 0, rttUs: 20_000 + ((run * 7_919) % 5_000) }];
    const { error } = await link.results(
      batch.map((run) =>
        pingResult(operation, due(run), {
          content: madePings([{ sent: 1, answers: answers(run), userid: 1 }]),
        }),
      ),
    );
    if (error !== undefined) throw new Error(JSON.stringify(error));
  }
}

/** @returns what the page's heap has after a collection, and what its process has in memory */
async function memoryOf(browser: Browser, page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  await session.detach();
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN;
  const all = await browser.newBrowserCDPSession();
  const { processInfo } = await all.send('SystemInfo.getProcessInfo');
  await all.detach();
  const own = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => privateKb(id));
  return `${(heap / 1e6).toFixed(1)} MB of heap, ${(Math.max(...own) / 1e3).toFixed(0)} MB of its process' own memory`;
}

function privateKb(pid: number): number {
  if (!readdirSync('/proc').includes(String(pid))) return 0;
  const match = /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0);
}
