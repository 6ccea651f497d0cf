import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, type Page } from 'playwright-core';
import { ApiWorld, PASSWORD } from '../support/api-world.js';
import { openPage, startBrowser, violations } from '../support/browser.js';
import { RealProbe } from '../support/real-probe.js';

/** As a person uses it: everything is found by its role and its name. Takes a browser: `make web-test`. */
(process.env['WEB_TEST'] === undefined ? describe.skip : describe)('the dashboard in a browser', () => {
  let world: ApiWorld;
  let browser: Browser;
  let url: string;
  let probe: RealProbe | undefined;

  beforeAll(async () => {
    world = await ApiWorld.start();
    url = world.server.url;
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await probe?.stop();
    await world.stop();
  });

  const logIn = async (page: Page, email: string): Promise<void> => {
    await page.goto(`${url}/app/login`);
    await page.getByRole('textbox', { name: 'E-mail' }).fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: 'Log out' }).waitFor();
  };

  it('leads from nothing to a measurement with results, and stops it', async () => {
    const { page, complaints } = await openPage(browser);
    await page.goto(`${url}/app/register`);
    await page.getByRole('textbox', { name: 'E-mail' }).fill('grace@example.org');
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText('Password must have at least 8 characters').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.getByRole('link', { name: 'Account' }).click();
    const id = (await page.locator('dd.mono').first().textContent()) ?? '';
    await world.superuser.post(`/api/v1/users/${id}/credits`, { credits: 1_000_000 });

    await page.getByRole('link', { name: 'Probes', exact: true }).click();
    await page.getByRole('link', { name: 'Add a probe' }).first().click();
    await page.getByRole('textbox', { name: 'Name' }).fill('<b>north</b> & more');
    await page.getByRole('textbox', { name: 'Latitude' }).fill('-34.6');
    await page.getByRole('textbox', { name: 'Longitude' }).fill('-58.4');
    await page.getByRole('button', { name: 'Add probe' }).click();
    const command = await page.getByRole('region', { name: 'Command' }).locator('code').textContent();
    await page.getByText('Waiting for your probe').waitFor();
    probe = await RealProbe.start(url, command?.split(' ').at(-1) ?? '');
    await page.getByText('Your probe is connected').waitFor();

    await page.getByRole('link', { name: 'Measure with it' }).click();
    await page.getByRole('textbox', { name: 'Destinations' }).fill('127.0.0.1');
    await page.getByRole('radio', { name: 'Repeat' }).check();
    await page.getByLabel('Every').fill('1');
    await page.getByRole('combobox', { name: 'Unit' }).selectOption('seconds');
    await page.getByRole('region', { name: 'Summary' }).getByText('Runs', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Start measurement' }).click();

    await page.getByRole('heading', { level: 1, name: 'ping 127.0.0.1' }).waitFor();
    await page
      .getByRole('region', { name: 'Results', exact: true })
      .getByText('4 of 4 answered')
      .first()
      .waitFor();
    await page.getByRole('region', { name: 'Coverage' }).getByRole('link', { name: 'received' }).waitFor();
    expect(await page.getByText('<b>north</b> & more').count()).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Stop measurement' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Stop measurement' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await page.locator('.head').getByText('stopped', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('has nothing for axe-core to find on any page, in both schemes, and fits a narrow screen', async () => {
    const owner = await world.account(1_000);
    const own = await world.probe(owner, { name: 'a-probe' });
    const { id } = await world.operation(owner, [own]);
    const paths = [
      '',
      'probes',
      'probes/new',
      `probes/${own.id}`,
      'operations',
      'operations/new',
      `operations/${id}`,
      'account',
    ];
    for (const scheme of ['light', 'dark'] as const) {
      const { page, complaints } = await openPage(browser, scheme === 'light' ? 1440 : 375, scheme);
      await logIn(page, owner.email);
      for (const path of paths) {
        await page.goto(`${url}/app/${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.locator('.skeleton').first().waitFor({ state: 'detached' });
        expect([scheme, path, await violations(page)]).toEqual([scheme, path, []]);
        const fits = await page.evaluate(
          'document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1',
        );
        expect([scheme, path, fits]).toEqual([scheme, path, true]);
      }
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });
});
