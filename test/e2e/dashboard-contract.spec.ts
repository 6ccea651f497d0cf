import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { type Browser, type Locator, type Page } from 'playwright-core';
import { type Account, ApiWorld, PASSWORD } from '../support/api-world.js';
import { openAs, settled, startBrowser } from '../support/browser.js';
import { type DashboardWorld, fillDashboard } from '../support/dashboard-world.js';

/** What people and programs from outside hold the pages to: paths, names, the keyboard. Takes a browser: `make web-test`. */
(process.env['WEB_TEST'] === undefined ? describe.skip : describe)('what the dashboard promises', () => {
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

  const open = async (path: string, token: string | undefined = filled.owner.api.token): Promise<Page> => {
    const { page } = await openAs(browser, `${url}/app/${path}`, token);
    return page;
  };
  const seen = async (...all: Locator[]): Promise<void> => {
    for (const each of all) await each.first().waitFor();
  };
  const headingOf = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });
  const idOf = (kind: string): string => filled.operations[kind]?.id ?? '';

  it('has its pages at their paths, under their names', async () => {
    const page = await open('', world.superuser.token);
    for (const [path, name] of [
      ['', 'Overview'],
      ['probes', 'Probes'],
      ['probes/new', 'Add a probe'],
      ['operations', 'Operations'],
      ['operations/new', 'New measurement'],
      ['account', 'Account'],
      ['admin', 'Administration'],
      [`probes/${filled.probes[0]?.id ?? ''}`, 'Buenos Aires'],
    ] as const) {
      await page.goto(`${url}/app/${path}`);
      await headingOf(page, name).waitFor();
      expect([path, await page.getByRole('heading', { level: 1 }).count()]).toEqual([path, 1]);
    }
    for (const name of ['Overview', 'Probes', 'Operations', 'Account', 'Administration'])
      await seen(page.getByRole('navigation').getByRole('link', { name, exact: true }));
    for (const name of ['Light', 'Dark', 'System'])
      await seen(page.getByRole('radio', { name, exact: true }));
    await page.context().close();
  });

  it('has the fields of its forms under their names, each once', async () => {
    const page = await open('probes/new');
    await headingOf(page, 'Add a probe').waitFor();
    // also to those who look for a part of the name
    for (const name of ['Name', 'Tags', 'Latitude', 'Longitude'])
      expect([name, await page.getByLabel(name).count()]).toEqual([name, 1]);
    await seen(page.getByRole('button', { name: 'Add probe', exact: true }));
    await page.goto(`${url}/app/operations/new`);
    const group = (name: string) => page.getByRole('radiogroup', { name, exact: true });
    for (const name of ['Once', 'Repeat', 'Cron']) await seen(group('Schedule').getByRole('radio', { name }));
    await group('Schedule').getByRole('radio', { name: 'Repeat' }).check();
    for (const name of ['Destinations', 'Every', 'Unit', 'Until', 'How many'])
      expect([name, await page.getByLabel(name).count()]).toEqual([name, 1]);
    await group('Probes').getByRole('radio', { name: 'From the map' }).check();
    await seen(page.getByRole('img', { name: /^Map of/ }));
    await group('Probes').getByRole('radio', { name: 'From the list' }).check();
    await page.getByRole('row', { name: 'Montevideo' }).getByRole('checkbox', { name: 'Montevideo' }).check();
    await seen(page.getByRole('button', { name: 'Start measurement', exact: true }));
    await page.context().close();
  });

  it('has the regions of each kind on the page of a measurement', async () => {
    const page = await open('');
    const own: Record<string, string[]> = {
      ping: ['Round-trip time'],
      traceroute: ['Paths'],
      mtr: ['Paths', 'Loss and times by hop'],
      dns: ['Answers', 'Response codes'],
      http: ['Answers', 'Time by phase', 'Status codes'],
      tls: ['Answers'],
      ntp: ['Answers', 'Clock offset'],
    };
    for (const [kind, names] of Object.entries(own)) {
      await page.goto(`${url}/app/operations/${idOf(kind)}`);
      for (const name of ['Coverage', ...names, 'Results'])
        await seen(page.getByRole('region', { name, exact: true }));
      await seen(page.getByText('running', { exact: true }), page.getByRole('button', { name: 'Export' }));
    }
    // one of three sees another certificate
    await page.goto(`${url}/app/operations/${idOf('tls')}`);
    const answers = page.getByRole('region', { name: 'Answers' });
    await seen(answers.getByText(/SHA-256 cdcd/), answers.getByText(/SHA-256 abab/));
    const rows = answers.getByRole('row', { name: /SHA-256 abab/ });
    await seen(rows.getByRole('link', { name: 'São Paulo' }));
    expect(await rows.getByRole('link').count()).toBe(1);
    await page.context().close();
  });

  it('says beside each field what is wrong with it, in its own words', async () => {
    const page = await open('probes/new');
    await page.getByLabel('Name').fill('x'.repeat(500));
    await page.getByLabel('Tags').fill('Not a tag!');
    await page.getByLabel('Latitude').fill('91');
    await page.getByLabel('Longitude').fill('east');
    await page.keyboard.press('Enter');
    for (const name of ['Name', 'Tags', 'Latitude', 'Longitude'])
      await seen(page.getByText(new RegExp(`^${name} .*must`)));
    const wrong = async (change: () => Promise<unknown>, text: string): Promise<void> => {
      await page.goto(`${url}/app/operations/new?to=192.0.2.1`);
      await change();
      await page.locator('.field .wrong, p.wrong').filter({ hasText: text }).waitFor();
    };
    const fill = (name: string, text: string) => page.getByLabel(name, { exact: true }).fill(text);
    const repeat = () => page.getByRole('radio', { name: 'Repeat' }).check();
    await wrong(() => fill('Destinations', '192.0.2.1 999.1.1.1 ho!st'), '“999.1.1.1” is none');
    await seen(page.getByText('“ho!st” is none'));
    await wrong(() => repeat().then(() => fill('Every', '0')), 'Every must be');
    await wrong(() => repeat().then(() => fill('Until', '2020-01-01T00:00')), 'Until must lie ahead');
    await wrong(() => repeat().then(() => fill('Until', '')), 'Until must be given');
    await wrong(() => fill('Uptime at least, %', '101'), 'must be a number from 0 to 100');
    await wrong(() => fill('In countries', 'ARG'), 'In countries must be two capitals');
    expect(await page.getByText(/^How many must/).count()).toBe(0);
    await wrong(async () => {
      await page.getByRole('radio', { name: 'From the list' }).check();
      await page.getByRole('button', { name: 'Start measurement' }).click();
    }, 'Probes must be chosen');
    await page.goto(`${url}/app/sites/${encodeURIComponent(filled.site)}`);
    await page.getByRole('button', { name: 'Bring a probe here' }).click();
    await page.getByRole('button', { name: 'Bring it here' }).click();
    await seen(page.getByRole('dialog').getByText('Probe must be chosen'));
    await page.context().close();
  });

  it('works from the keyboard alone, which goes on where a dialog came from', async () => {
    const page = await open('login', undefined);
    await headingOf(page, 'Log in').waitFor();
    const tabTo = async (target: Locator): Promise<void> => {
      for (let step = 0; step < 40; step += 1) {
        if (await target.evaluate((element: { matches(css: string): boolean }) => element.matches(':focus')))
          return;
        await page.keyboard.press('Tab');
      }
      throw new Error('the keyboard does not get there');
    };
    await tabTo(page.getByLabel('E-mail'));
    await page.keyboard.type(filled.owner.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await headingOf(page, 'Overview').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('n');
    await headingOf(page, 'New measurement').waitFor();
    await tabTo(page.getByLabel('Destinations'));
    await page.keyboard.type('192.0.2.77');
    await tabTo(page.getByRole('button', { name: 'Start measurement' }));
    await page.keyboard.press('Enter');
    await headingOf(page, 'ping 192.0.2.77').waitFor();
    const stop = page.getByRole('button', { name: 'Stop measurement' });
    await tabTo(stop);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await tabTo(stop);
    await page.keyboard.press('Enter');
    await tabTo(page.getByRole('dialog').getByRole('button', { name: 'Stop', exact: true }));
    await page.keyboard.press('Enter');
    await seen(page.locator('.head').getByText('stopped', { exact: true }));
    await page.context().close();
  });

  it('shows nothing of one account to the next, in whichever tab that logged in', async () => {
    const next: Account = await world.account(1);
    const page = await open('account');
    await seen(page.locator('main').getByText(filled.owner.email, { exact: true }));
    const other = await page.context().newPage();
    await other.goto(`${url}/app/login`);
    await other.evaluate(`localStorage.setItem('pladmed.session', ${JSON.stringify(next.api.token)})`);
    await seen(page.locator('main').getByText(next.email, { exact: true }));
    expect(await page.locator('main').getByText(filled.owner.email, { exact: true }).count()).toBe(0);
    await page.context().close();
  });

  it('goes back and forward with its filters, and lists what a probe is in and how many runs are missing', async () => {
    const page = await open('operations?whose=mine');
    await page.getByRole('combobox', { name: 'Kind' }).selectOption('dns');
    await page.waitForURL(/kind=dns/);
    // 16 runs of each of three probes did not come, and those that were due since
    const row = page.getByRole('row', { name: 'dns example.org' });
    await seen(row.locator('strong'));
    expect(Number(await row.locator('strong').textContent())).toBeGreaterThan(40);
    await page.getByRole('link', { name: 'dns example.org' }).click();
    await headingOf(page, 'dns example.org').waitFor();
    await page.goBack();
    await headingOf(page, 'Operations').waitFor();
    expect(await page.getByRole('combobox', { name: 'Kind' }).inputValue()).toBe('dns');
    await page.goForward();
    await headingOf(page, 'dns example.org').waitFor();
    await page.goto(`${url}/app/probes/${filled.probes[1]?.id ?? ''}`);
    const measures = page.getByRole('region', { name: 'What it measures' });
    for (const name of ['ping 192.0.2.1', 'traceroute 192.0.2.1', 'dns example.org', 'mtr 192.0.2.1'])
      await seen(measures.getByRole('link', { name, exact: true }));
    await page.goto(`${url}/app/probes/${filled.probes[5]?.id ?? ''}`);
    await seen(measures.getByText('Nothing yet'));
    await page.context().close();
  });

  it.each([
    ['ping', 'Round-trip time', /^from,median_ms,p5_ms,.*,Buenos Aires,Montevideo,São Paulo\r\n20/],
    ['http', 'Status codes', /^from,200,503\r\n20/],
  ])('gives the figures of a plot of %s as CSV', async (kind, name, text) => {
    const page = await open(`operations/${idOf(kind)}`);
    await settled(page);
    await seen(page.getByRole('region', { name: 'Results' }).getByRole('link', { name: 'São Paulo' }));
    await page.getByRole('button', { name: `Save the plot ${name}` }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'CSV' }).click(),
    ]);
    expect(await readFile(await download.path(), 'utf8')).toMatch(text);
    await page.context().close();
  });
});
