import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { type Browser, type Page } from 'playwright-core';
import { type Account, ApiWorld, type Operation, type Registered } from '../support/api-world.js';
import { keepSession, openAs, openPage, settled, startBrowser } from '../support/browser.js';
import { pingResult } from '../support/native-probe.js';

const HOUR_MS = 3_600_000;

/** What owners change, and what stands in addresses. Takes a browser: `make web-test`. */
(process.env['WEB_TEST'] === undefined ? describe.skip : describe)('the dashboard, by its owners', () => {
  let world: ApiWorld;
  let browser: Browser;
  let url: string;
  let owner: Account;
  let probes: Registered[];

  beforeAll(async () => {
    world = await ApiWorld.start();
    url = world.server.url;
    browser = await startBrowser();
    owner = await world.account(1_000_000);
    probes = [];
    for (const name of ['one', 'two', 'three']) probes.push(await world.probe(owner, { name }));
  });
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  const open = async (path: string, token: string | undefined = owner.api.token) => {
    const opened = await openAs(browser, `${url}/app/${path}`, token);
    await settled(opened.page);
    return opened;
  };
  const hourly = (more: object = {}): Promise<Operation> => {
    const stop = new Date(Date.now() + 48 * HOUR_MS).toISOString();
    const schedule = { type: 'interval', every_s: 3_600, stop };
    return world.operation(owner, probes.slice(0, 1), { schedule, ...more });
  };
  const dialogOf = (page: Page) => page.getByRole('dialog');

  it('names a measurement, and adds probes to it and takes one away', async () => {
    const { id } = await hourly();
    const { page, complaints } = await open(`operations/${id}`);
    await page.getByRole('button', { name: 'Change' }).click();
    await dialogOf(page).getByLabel('Description').fill('The <i>north</i> link');
    await dialogOf(page).getByLabel('Tags').fill('link, Wrong Tag');
    await dialogOf(page).getByRole('button', { name: 'Save' }).click();
    await dialogOf(page)
      .getByText(/^Tags .*must be/)
      .waitFor();
    await dialogOf(page).getByLabel('Tags').fill('link, north');
    await dialogOf(page).getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'The <i>north</i> link' }).waitFor();
    await page.locator('.head').getByText('ping 192.0.2.1').waitFor();

    await page.getByRole('button', { name: 'Add probes' }).click();
    await dialogOf(page).getByRole('radio', { name: 'From the list' }).check();
    await page.getByText('No probe that can do ping matches').waitFor();
    for (const probe of probes) await world.connect(probe);
    await page.reload();
    await page.getByRole('button', { name: 'Add probes' }).click();
    await dialogOf(page).getByRole('radio', { name: 'From the list' }).check();
    await dialogOf(page).getByRole('checkbox', { name: 'two' }).check();
    await dialogOf(page).getByRole('button', { name: 'Add', exact: true }).click();
    const runs = page.getByRole('region', { name: 'Runs by probe' });
    await runs.getByRole('link', { name: 'two' }).waitFor();
    await page.getByRole('button', { name: 'Remove the probe two' }).click();
    await dialogOf(page).getByRole('button', { name: 'Take away' }).click();
    await runs.getByRole('row', { name: 'two' }).getByText('stopped').first().waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('states where a probe is, and finds it by that', async () => {
    const { page } = await open(`probes/${probes[0]?.id ?? ''}`);
    await page.getByRole('button', { name: 'Change' }).click();
    await dialogOf(page).getByLabel('Country').fill('uy');
    await dialogOf(page).getByLabel('AS number, IPv4').fill('AS64500');
    await dialogOf(page).getByLabel('Network, IPv4').fill('192.0.2.1/24');
    await dialogOf(page).getByRole('button', { name: 'Save' }).click();
    await dialogOf(page)
      .getByText(/^Network, IPv4 must be a network/)
      .waitFor();
    await dialogOf(page).getByLabel('Network, IPv4').fill('192.0.2.0/24');
    await dialogOf(page).getByRole('button', { name: 'Save' }).click();
    const state = page.getByRole('region', { name: 'State' });
    await state.getByText('Uruguay (UY)').waitFor();
    await state.getByText('AS64500').waitFor();
    await page.goto(`${url}/app/probes`);
    await page.getByLabel('Country').fill('uy');
    await page.getByLabel('AS number').fill('64500');
    await page.waitForURL(/country=UY.*asn=64500|asn=64500.*country=UY/);
    await page.getByRole('img', { name: /^Map of 1 probe,/ }).waitFor();
    await page.context().close();
  });

  it('keeps the whole form in its address', async () => {
    const { page } = await open('operations/new');
    await page.getByRole('radio', { name: 'traceroute' }).check();
    await page.getByText('The path to an address, hop by hop').waitFor();
    await page.getByRole('textbox', { name: 'Destinations' }).fill('192.0.2.1\nexample.org');
    await page.getByText('Advanced parameters').click();
    await page.getByLabel('attempts').fill('3');
    await page.getByRole('radio', { name: 'Repeat' }).check();
    await page.getByLabel('Every').fill('7');
    await page.getByRole('combobox', { name: 'Unit' }).selectOption('hours');
    await page.getByLabel('How many').fill('2');
    await page.getByLabel('With tags').fill('lab');
    await page.getByRole('radio', { name: 'Private' }).check();
    await page.waitForURL(/visibility=private/);
    const until = await page.getByLabel('Until').inputValue();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await settled(other);
    expect(await other.getByRole('radio', { name: 'traceroute' }).isChecked()).toBe(true);
    expect(await other.getByRole('textbox', { name: 'Destinations' }).inputValue()).toBe(
      '192.0.2.1\nexample.org',
    );
    await other.getByText('Advanced parameters').click();
    const values = ['attempts', 'Every', 'Unit', 'Until', 'How many', 'With tags'].map((label) =>
      other.getByLabel(label, { exact: true }).inputValue(),
    );
    expect(await Promise.all(values)).toEqual(['3', '7', 'h', until, '2', 'lab']);
    expect(await other.getByRole('radio', { name: 'Private' }).isChecked()).toBe(true);
    await page.context().close();
  });

  it('exports in each format that the kind has', async () => {
    const probe = await world.probe(owner, { name: 'saver' });
    const link = await world.connect(probe);
    const operation = await world.operation(owner, [probe], {
      schedule: { type: 'once' },
    });
    await link.told(operation.id);
    await link.results([pingResult(operation.id, operation.schedule.at ?? '')]);
    const { page } = await open(`operations/${operation.id}`);
    const saved: Record<string, Buffer> = {};
    for (const name of ['JSON', 'NDJSON', 'CSV', 'Parquet', 'warts']) {
      await page.getByRole('button', { name: 'Export' }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name, exact: true }).click(),
      ]);
      saved[name] = await readFile(await download.path());
    }
    expect(JSON.parse(String(saved['JSON']))).toMatchObject({ items: [{ operation_id: operation.id }] });
    expect(String(saved['NDJSON'])).toContain(operation.id);
    expect(String(saved['CSV'])).toContain('rtt_median_ms');
    expect(saved['Parquet']?.subarray(0, 4).toString()).toBe('PAR1');
    // the magic number of a warts record
    expect(saved['warts']?.readUInt16BE(0)).toBe(0x1205);
    const dns = await world.operation(owner, [probe], { kind: 'dns', params: { fqdns: ['example.org'] } });
    await page.goto(`${url}/app/operations/${dns.id}`);
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem', { name: 'Parquet' }).waitFor();
    expect(await page.getByRole('menuitem', { name: 'warts' }).count()).toBe(0);
    await page.context().close();
  });

  it('lists measurements by state and text, over all pages of the API', async () => {
    const stopped = await hourly({ params: { fqdns: ['needle.example'] }, description: 'A needle' });
    await owner.api.post(`/api/v1/operations/${stopped.id}/stop`);
    const { page } = await open('operations');
    await page.getByRole('searchbox', { name: 'Text' }).fill('NEEDLE.ex');
    await page.getByRole('combobox', { name: 'State' }).selectOption('stopped');
    await page.getByRole('combobox', { name: 'Whose' }).selectOption('mine');
    await page.waitForURL(/text=NEEDLE\.ex.*state=stopped|state=stopped.*text=NEEDLE/);
    const rows = page.getByRole('group', { name: 'Table of operations' }).getByRole('row');
    await page.getByRole('link', { name: 'A needle' }).waitFor();
    await page.locator('tbody tr').nth(1).waitFor({ state: 'detached' });
    expect(await rows.count()).toBe(2);
    await page.getByRole('combobox', { name: 'State' }).selectOption('running');
    await page.getByText('No measurement matches these filters').waitFor();
    await page.context().close();
  });

  it('takes times from the server where the clock of the browser is wrong', async () => {
    const { id } = await hourly();
    const { page, complaints } = await openPage(browser);
    await keepSession(page, owner.api.token);
    const wrong = 40 * 24 * HOUR_MS;
    await page.addInitScript(`{ const now = Date.now; Date.now = () => now() + ${wrong}; }`);
    await page.goto(`${url}/app/operations/${id}`);
    await settled(page);
    await page.getByRole('button', { name: 'Last hour' }).click();
    await page.waitForURL(/from=/);
    const from = Date.parse(new URL(page.url()).searchParams.get('from')?.replaceAll('"', '') ?? '');
    expect(Math.abs(Date.now() - HOUR_MS - from)).toBeLessThan(HOUR_MS);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
