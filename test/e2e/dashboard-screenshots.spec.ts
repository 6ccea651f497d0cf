import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser } from 'playwright-core';
import { ApiWorld } from '../support/api-world.js';
import { keepSession, openPage, settled, startBrowser } from '../support/browser.js';
import { type DashboardWorld, fillDashboard } from '../support/dashboard-world.js';

/** Where `make screenshots` writes; not kept in git. */
const FOLDER = process.env['SCREENSHOTS'];
/** Only pages of which the name has this in it. */
const ONLY = process.env['SCREENSHOTS_OF'] ?? '';

/** Pictures of each page, for people to look at. */
(FOLDER === undefined ? describe.skip : describe)('screenshots', () => {
  let world: ApiWorld;
  let browser: Browser;
  let filled: DashboardWorld;

  beforeAll(async () => {
    world = await ApiWorld.start();
    browser = await startBrowser();
    filled = await fillDashboard(world);
    await mkdir(FOLDER ?? '', { recursive: true });
  });
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  it('are made of every page, narrow and wide, light and dark', async () => {
    const { operations, probes, site, owner } = filled;
    const own = Object.entries({
      overview: '',
      probes: `probes?probe=${probes[1]?.id ?? ''}`,
      'probe-new': 'probes/new',
      probe: `probes/${probes[0]?.id ?? ''}`,
      operations: 'operations',
      'operation-new': 'operations/new?to=192.0.2.1',
      ...Object.fromEntries(Object.entries(operations).map(([kind, { id }]) => [kind, `operations/${id}`])),
      'ping-before': `operations/${operations['ping']?.id ?? ''}?before=true`,
      embed: `embed/operations/${operations['ping']?.id ?? ''}`,
      account: 'account',
      sites: 'sites',
      site: `sites/${encodeURIComponent(site)}`,
      imports: 'imports',
      'not-there': 'operations/6720a1b2c3d4e5f601234567',
    });
    const visits = [
      { token: owner.api.token, pages: own },
      { token: world.superuser.token, pages: [['admin', 'admin'] as const] },
      { token: undefined, pages: [['login', 'login'] as const, ['register', 'register'] as const] },
    ];
    let made = 0;
    for (const scheme of ['light', 'dark'] as const)
      for (const width of [375, 1440])
        for (const { token, pages } of visits) {
          const { page, complaints } = await openPage(browser, width, scheme);
          await keepSession(page, token);
          for (const [name, path] of pages) {
            if (!name.includes(ONLY)) continue;
            await page.goto(`${world.server.url}/app/${path}`);
            await settled(page);
            const file = `${name}-${String(width)}-${scheme}.png`;
            await page.screenshot({ path: join(FOLDER ?? '', file), fullPage: true });
            made += 1;
          }
          expect(complaints).toEqual([]);
          await page.context().close();
        }
    expect(made).toBeGreaterThan(0);
  });
});
