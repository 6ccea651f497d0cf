import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, type Page } from 'playwright-core';
import { ApiWorld, type Registered } from '../support/api-world.js';
import { keepSession, openPage, settled, startBrowser } from '../support/browser.js';

const PROBES = 10_000;
const MOVES = 40;

/** What a page costs; prints figures, and asserts none: `make web-figures`. */
(process.env['WEB_FIGURES'] === undefined ? describe.skip : describe)('figures of the dashboard', () => {
  let world: ApiWorld;
  let browser: Browser;

  beforeAll(async () => {
    world = await ApiWorld.start();
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  /** @returns seconds of the main thread's work so far */
  async function busy(page: Page): Promise<number> {
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    const { metrics } = await session.send('Performance.getMetrics');
    await session.detach();
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN;
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
    const before = await busy(page);
    for (let move = 1; move <= MOVES; move += 1) {
      await page.mouse.move(box.x + 200 + 2 * move, box.y + 150 + move);
      await page.evaluate('new Promise((done) => requestAnimationFrame(done))');
    }
    const each = (1_000 * ((await busy(page)) - before)) / MOVES;
    await page.mouse.up();
    console.log(`a drag over ${PROBES} probes: ${each.toFixed(1)} ms of the page's thread for each move`);
    expect(each).toBeGreaterThan(0);
    await page.context().close();
  });
});
