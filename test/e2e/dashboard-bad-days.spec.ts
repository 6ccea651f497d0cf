import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { type Browser, type Page } from 'playwright-core';
import { ApiWorld } from '../support/api-world.js';
import { keepSession, openPage, settled, startBrowser, violations } from '../support/browser.js';
import { type DashboardWorld, fillDashboard } from '../support/dashboard-world.js';
import { pingResult } from '../support/native-probe.js';

/** What people do with plots, and what they see on bad days. Takes a browser: `make web-test`. */
(process.env['WEB_TEST'] === undefined ? describe.skip : describe)('the dashboard, with data', () => {
  let world: ApiWorld;
  let browser: Browser;
  let url: string;
  let filled: DashboardWorld;

  beforeAll(async () => {
    world = await ApiWorld.start();
    url = world.server.url;
    browser = await startBrowser();
    filled = await fillDashboard(world);
  });
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  const open = async (path: string, token: string | undefined = filled.owner.api.token) => {
    const opened = await openPage(browser);
    await keepSession(opened.page, token);
    await opened.page.goto(`${url}/app/${path}`);
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
