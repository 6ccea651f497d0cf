import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { type Browser, type Page } from 'playwright-core';
import { ApiWorld } from '../support/api-world.js';
import { keepSession, openAs, openPage, settled, startBrowser, violations } from '../support/browser.js';
import { type DashboardWorld, fillDashboard } from '../support/dashboard-world.js';
import { pingResult } from '../support/native-probe.js';

/** What people do with plots, and what they see on bad days. Takes a browser: `make web-test`. */
(process.env['WEB_TEST'] === undefined ? describe.skip : describe)('the dashboard, with data', () => {
  let world: ApiWorld;
  let browser: Browser;
  let url: string;
  let filled: DashboardWorld;

  beforeAll(async () => {
    world = await ApiWorld.startProcess();
    url = world.server.url;
    browser = await startBrowser();
    filled = await fillDashboard(world);
  });
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  const open = async (path: string, token: string | undefined = filled.owner.api.token) => {
    const opened = await openAs(browser, `${url}/app/${path}`, token);
    await settled(opened.page);
    return opened;
  };
  const idOf = (kind: string): string => filled.operations[kind]?.id ?? '';

  async function saved(page: Page, format: 'PNG' | 'SVG'): Promise<Buffer> {
    await page.getByRole('button', { name: 'Save the plot Round-trip time' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: format }).click(),
    ]);
    return readFile(await download.path());
  }

  it('saves a plot as lines and as pixels, with names as text', async () => {
    const { page, complaints } = await open(`operations/${idOf('ping')}`);
    await page.getByRole('img', { name: /^Round-trip time from/ }).waitFor();
    const svg = (await saved(page, 'SVG')).toString();
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).toContain('Buenos Aires');
    // the signature of PNG: RFC 2083, section 3.1
    expect((await saved(page, 'PNG')).subarray(0, 8)).toEqual(
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    );
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('draws paths as a graph, and goes back to an earlier one by its address', async () => {
    const { page, complaints } = await open(`operations/${idOf('traceroute')}`);
    const paths = page.getByRole('region', { name: 'Paths' });
    await paths.getByRole('img', { name: /^Paths from 3 probes/ }).waitFor();
    await paths.getByText('[MPLS: L=24001]').first().waitFor();
    // it was 198.51.100.7 until an hour ago, as dashboard-world.ts has it
    await paths.getByText('(was 198.51.100.7)').first().waitFor();
    await paths
      .getByRole('button', { name: /^Path 1 from/ })
      .first()
      .click();
    await paths.getByText('as they were at').waitFor();
    expect(page.url()).toContain('at=');
    await page.reload();
    await paths.getByRole('button', { name: 'Show the newest' }).click();
    await paths.getByText('the newest of each probe').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('says who answers differently, and shows codes and phases over time', async () => {
    const { page } = await open(`operations/${idOf('dns')}`);
    await page.getByRole('img', { name: /^Response codes from .*NOERROR/ }).waitFor();
    await page.getByRole('region', { name: 'Answers' }).getByText('NOERROR: 192.0.2.1').waitFor();
    await page.goto(`${url}/app/operations/${idOf('http')}`);
    await page
      .getByRole('img', { name: /^Time by phase .*resolve, connect, TLS, first byte, rest/ })
      .waitFor();
    await page.getByRole('img', { name: /^Status codes .*200/ }).waitFor();
    await page.goto(`${url}/app/operations/${idOf('tls')}`);
    const certificates = page.getByRole('region', { name: 'Answers' });
    await certificates
      .getByText(/CN=example.org, by CN=Example CA, expires in \d+ days/)
      .first()
      .waitFor();
    await page.context().close();
  });

  it('keeps what is shown in the address', async () => {
    const { page } = await open(`operations/${idOf('ping')}`);
    await page.getByRole('checkbox', { name: 'Logarithmic' }).check();
    await page.getByRole('checkbox', { name: 'Montevideo' }).uncheck();
    await page.getByRole('button', { name: 'Last hour' }).click();
    await page.getByRole('checkbox', { name: 'Period before' }).check();
    await page.waitForURL(/before=true/);
    await page.reload();
    await settled(page);
    expect(await page.getByRole('checkbox', { name: 'Logarithmic' }).isChecked()).toBe(true);
    expect(await page.getByRole('checkbox', { name: 'Montevideo' }).isChecked()).toBe(false);
    expect(await page.getByRole('checkbox', { name: 'Period before' }).isChecked()).toBe(true);
    expect(new URL(page.url()).searchParams.get('from')).not.toBeNull();
    await page.context().close();
  });

  it('shows a plot for pages of others, of public operations alone, whoever is logged in', async () => {
    const { page, complaints } = await open(`embed/operations/${idOf('ping')}`);
    await page.getByRole('img', { name: /^Round-trip time .*ping 192\.0\.2\.1/ }).waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    await page.goto(`${url}/app/embed/operations/${idOf('private')}`);
    await page.getByRole('alert').filter({ hasText: 'It does not exist, or it is private' }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('says which command makes the first superuser, lists keys, and says what failed with its id', async () => {
    const { page } = await openPage(browser);
    await page.route('**/api/v1/platform', (route) =>
      route.fulfill({ json: { has_superuser: false, credits: 'on' } }),
    );
    await page.goto(`${url}/app/`);
    await page.getByText('npm run superuser -- create').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    const problem = { type: 'about:blank', title: 'x', status: 500, code: 'internal', detail: 'It broke' };
    await page.route('**/api/v1/operations?*', (route) =>
      route.fulfill({ status: 500, json: { ...problem, request_id: 'id-of-it' } }),
    );
    await page.goto(`${url}/app/operations`);
    await page.getByRole('alert').getByText('id-of-it').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.route('**/api/v1/operations?*', (route) => route.abort());
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('The server does not answer').first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });

  it('shows hostile text of names, answers and failures as text', async () => {
    const { page, complaints } = await openPage(browser);
    await keepSession(page, filled.owner.api.token);
    const hostile = '<img src=x onerror="globalThis.hit=1">\u202e\u0000</script>';
    const long = `${hostile}${'x'.repeat(500)}`;
    await page.route('**/api/v1/operations/*/latest?*', async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as { items: { summary: Record<string, unknown> | null }[] };
      for (const { summary } of body.items)
        if (summary !== null) Object.assign(summary, { answer_data: [long], rcode: hostile, name: long });
      await route.fulfill({ response, json: body });
    });
    await page.route('**/api/v1/probes/*', async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as object;
      await route.fulfill({ response, json: { ...body, name: long, tags: [long], site: hostile } });
    });
    for (const width of [1440, 375]) {
      await page.setViewportSize({ width, height: 900 });
      for (const path of [`operations/${idOf('dns')}`, `probes/${filled.probes[0]?.id ?? ''}`]) {
        await page.goto(`${url}/app/${path}`);
        await settled(page);
        await page.getByText('<img src=x onerror="globalThis.hit=1">').first().waitFor();
        expect(await page.evaluate('globalThis.hit')).toBeUndefined();
        const fits = 'document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1';
        expect([path, width, await page.evaluate(fits)]).toEqual([path, width, true]);
      }
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('works with a finger on a phone, without WebGL, with 10,000 probes on one point and a slow server', async () => {
    const context = await browser.newContext({
      ...{ viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true },
    });
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.addInitScript(`{
      const get = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return /webgl|webgpu/.test(kind) ? null : get.call(this, kind, ...rest);
      };
    }`);
    await keepSession(page, filled.owner.api.token);
    const { body } = await filled.owner.api.get<object>(`/api/v1/probes/${filled.probes[0]?.id ?? ''}`);
    const items = Array.from({ length: 10_000 }, (_, index) => ({
      ...{ ...body, id: index.toString(16).padStart(24, '0'), name: `probe ${index}` },
      location: { longitude: 10, latitude: 50 },
    }));
    let held: (() => void)[] = [];
    await page.route('**/api/v1/probes?*', async (route) => {
      const at = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
      // the first answer is slow: it comes when the page has said that it waits
      if (at === 0) await new Promise<void>((resolve) => held.push(resolve));
      const next = at + 1_000 < items.length ? String(at + 1_000) : null;
      await route.fulfill({ json: { items: items.slice(at, at + 1_000), next } });
    });
    await page.goto(`${url}/app/probes`);
    await page.getByRole('status', { name: 'Loading' }).first().waitFor();
    const waiting = held;
    held = [];
    for (const go of waiting) go();
    const map = page.getByRole('img', { name: /^Map of 10,000 probes/ });
    await map.waitFor();
    await page.getByRole('link', { name: 'probe 0', exact: true }).waitFor();
    const box = await map.boundingBox();
    if (box === null) throw new Error('the map is not in sight');
    // 50 degrees north, 10 east: where all of them are
    const [x, y] = [box.width * (0.5 + 10 / 360), box.height * 0.3];
    for (const dy of [0, -12, 12, -24, 24]) {
      await map.tap({ position: { x, y: y + dy } });
      if (/probe=/.test(page.url())) break;
    }
    await page.getByRole('button', { name: 'Show more' }).tap();
    await page.getByRole('link', { name: 'probe 150', exact: true }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('says that a session is over, in each tab, and leads back', async () => {
    const again = await world.again(filled.owner);
    const { page } = await open('account', again.token);
    const other = await page.context().newPage();
    await other.goto(`${url}/app/account`);
    await other.getByRole('heading', { level: 1, name: 'Account' }).waitFor();
    await again.post('/api/v1/auth/logout', {});
    await page.reload();
    await page.getByRole('alert').filter({ hasText: 'Your session is over' }).waitFor();
    await other.getByText('This needs an account').waitFor();
    await page.context().close();
  });

  it('says that the server is lost, and shows what came meanwhile', async () => {
    const { page } = await open(`operations/${idOf('ping')}`);
    await page.locator('.head').getByText('live', { exact: true }).waitFor();
    await world.server.kill();
    await page.getByRole('alert').filter({ hasText: 'The connection to the server is lost' }).waitFor();
    await world.restart();
    const [probe] = filled.probes;
    if (probe === undefined) throw new Error('there is no probe');
    const auth = { capabilities: { kinds: ['ping'], ipv4: true, ipv6: true } };
    const back = await world.connect(probe, { auth });
    await back.told(idOf('ping'));
    const due = filled.lastRun(idOf('ping'));
    const { items } = await back.results([pingResult(idOf('ping'), due)]);
    expect(items).toEqual([expect.objectContaining({ status: 'stored' })]);
    await page.locator('.head').getByText('live', { exact: true }).waitFor();
    await page
      .getByRole('region', { name: 'Results', exact: true })
      .getByText('15 of 15 answered')
      .first()
      .waitFor();
    await page.context().close();
  });
});
