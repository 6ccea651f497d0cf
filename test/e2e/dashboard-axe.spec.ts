import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser } from 'playwright-core';
import { ApiWorld } from '../support/api-world.js';
import { keepSession, openPage, settled, startBrowser, violations } from '../support/browser.js';
import { type DashboardWorld, fillDashboard } from '../support/dashboard-world.js';

// a busy machine takes some seconds for each of two hundred pages
const LONG_MS = 3_600_000;
const NOWHERE = '6720a1b2c3d4e5f601234567';
const LISTS = ['', 'probes', 'probes/new', 'operations', 'operations/new', 'account', 'sites', 'imports'];

interface Visit {
  token: string | undefined;
  paths: readonly string[];
  /** every answer of the API is an error */
  fails?: true;
}

/** axe-core on every page: empty, with data, and with errors. Takes a browser: `make web-test`. */
(process.env['WEB_TEST'] === undefined ? describe.skip : describe)('the dashboard, by axe-core', () => {
  let world: ApiWorld;
  let empty: ApiWorld;
  let browser: Browser;
  let filled: DashboardWorld;

  beforeAll(async () => {
    [world, empty] = await Promise.all([ApiWorld.start(), ApiWorld.start()]);
    browser = await startBrowser();
    filled = await fillDashboard(world);
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([world.stop(), empty.stop()]);
  });

  async function found(
    url: string,
    { token, paths, fails }: Visit,
    width: number,
    scheme: 'light' | 'dark',
  ): Promise<string[]> {
    const { page, complaints } = await openPage(browser, width, scheme);
    const all: string[] = [];
    await keepSession(page, token);
    if (fails === true)
      await page.route('**/api/v1/**', (route) =>
        route.fulfill({
          status: 500,
          json: { status: 500, code: 'internal', detail: 'It broke', request_id: 'id-of-it' },
        }),
      );
    for (const path of paths) {
      await page.goto(`${url}/app/${path}`);
      await settled(page);
      all.push(...(await violations(page)).map((each) => `/${path} ${each}`));
      const fits = await page.evaluate(
        'document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1',
      );
      if (fits !== true) all.push(`/${path} is wider than the window`);
    }
    await page.context().close();
    return [...all, ...complaints];
  }

  const SIZES = [
    ['light', 1440],
    ['dark', 375],
    ['dark', 1440],
    ['light', 375],
  ] as const;

  it.each(SIZES)(
    'has nothing to find with data, %s, %i px wide',
    async (scheme, width) => {
      const { owner, probes, operations, site } = filled;
      const ping = operations['ping']?.id ?? '';
      const own = [
        ...LISTS,
        `probes?probe=${probes[0]?.id ?? ''}`,
        `probes/${probes[0]?.id ?? ''}`,
        'operations?text=nothing-has-this',
        'operations/new?kind=http&to=https%3A%2F%2Fexample.org%2F&schedule=interval&by=list',
        ...Object.values(operations).map(({ id }) => `operations/${id}`),
        `operations/${NOWHERE}`,
        `sites/${encodeURIComponent(site)}`,
        `operations/${ping}?before=true&log=true`,
        `embed/operations/${ping}`,
      ];
      const all = [
        ...(await found(world.server.url, { token: owner.api.token, paths: own }, width, scheme)),
        ...(await found(
          world.server.url,
          { token: world.superuser.token, paths: ['admin', `probes/${probes[0]?.id ?? ''}`] },
          width,
          scheme,
        )),
        ...(await found(
          world.server.url,
          { token: undefined, paths: ['', 'login', 'register', 'account', 'nowhere', `operations/${ping}`] },
          width,
          scheme,
        )),
      ];
      expect(all).toEqual([]);
    },
    LONG_MS,
  );

  it.each(SIZES)(
    'has nothing to find where all is empty, or fails, %s, %i px wide',
    async (scheme, width) => {
      const owner = await empty.account();
      const probe = await empty.probe(owner);
      const fresh = await empty.operation(await empty.account(100), [probe], { kind: 'traceroute' });
      const { url } = empty.server;
      const detail = [`probes/${probe.id}`, `operations/${fresh.id}`, `embed/operations/${fresh.id}`];
      const all = [
        ...(await found(url, { token: owner.api.token, paths: [...LISTS, ...detail] }, width, scheme)),
        ...(await found(url, { token: empty.superuser.token, paths: ['admin'] }, width, scheme)),
        ...(await found(
          url,
          {
            token: owner.api.token,
            paths: [...LISTS, ...detail, 'admin', 'sites/none', 'login', 'register'],
            fails: true,
          },
          width,
          scheme,
        )),
      ];
      expect(all).toEqual([]);
    },
    LONG_MS,
  );
});
