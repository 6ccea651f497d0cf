import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, type Page } from 'playwright-core';
import { ApiWorld, PASSWORD } from '../support/api-world.js';
import { openPage, startBrowser } from '../support/browser.js';
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

  it('changes an account, and makes keys for programs', async () => {
    const owner = await world.account(10);
    const { page, complaints } = await openPage(browser);
    await logIn(page, owner.email);
    await page.getByRole('link', { name: 'Account' }).click();
    await page.getByRole('textbox', { name: 'Name of the key' }).fill('collector <i>7</i>');
    await page.getByRole('button', { name: 'Make key' }).click();
    const key = await page
      .getByRole('status')
      .filter({ hasText: 'copy it now' })
      .locator('code')
      .textContent();
    const byKey = await fetch(`${url}/api/v1/users/me`, { headers: { Authorization: `Key ${key ?? ''}` } });
    expect(byKey.status).toBe(200);
    await page.getByRole('button', { name: 'Revoke the key collector <i>7</i>' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('No key yet').waitFor();

    await page.getByLabel('Present password').fill('not-the-one-7A');
    await page.getByLabel('New password').fill(`${PASSWORD}!`);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('is not the present one').waitFor();
    await page.getByLabel('Present password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Everybody else who was logged in is logged out').waitFor();
    // the page goes on with the token that is left
    expect((await owner.api.get('/api/v1/users/me')).status).toBe(401);
    await page.reload();
    await page.getByRole('textbox', { name: 'New e-mail' }).fill('moved@example.org');
    await page.getByLabel('Password for it').fill(`${PASSWORD}!`);
    await page.getByRole('button', { name: 'Change e-mail' }).click();
    await page.getByText('log in with moved@example.org').waitFor();
    await page.getByRole('button', { name: 'Delete account' }).click();
    await page.getByLabel('Your password').fill(`${PASSWORD}!`);
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('lets a superuser find an account, give it credits, suspend it, and see that this was noted', async () => {
    const other = await world.account(5);
    const { page, complaints } = await openPage(browser);
    await logIn(page, 'root@example.org');
    await page.getByRole('link', { name: 'Administration' }).click();
    await page.getByRole('searchbox', { name: 'Search users' }).fill(other.email.slice(0, 8).toUpperCase());
    // the rows stand still again
    const accounts = page.getByRole('table', { name: 'Table of accounts' });
    await accounts.getByRole('row', { name: 'root@example.org' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: `Give credits: ${other.email}` }).click();
    await page.getByRole('dialog').getByLabel('Credits').fill('45');
    await page.getByRole('dialog').getByRole('button', { name: 'Give credits' }).click();
    await page.getByRole('row', { name: other.email }).getByText('50', { exact: true }).waitFor();
    await page.getByRole('button', { name: `Suspend ${other.email}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend account' }).click();
    await page.getByText(/^Reason must/).waitFor();
    await page.getByRole('dialog').getByLabel('Reason').fill('sends too much');
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend account' }).click();
    await page.getByRole('row', { name: other.email }).getByText('suspended').waitFor();
    expect((await other.api.get('/api/v1/users/me')).status).toBe(403);
    const log = page.getByRole('region', { name: 'Audit log' });
    await log.getByText('sends too much').first().waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('makes a site, and brings a probe to it', async () => {
    const owner = await world.account(5);
    await world.probe(owner, { name: 'rack-7' });
    const { page, complaints } = await openPage(browser);
    await logIn(page, owner.email);
    await page.goto(`${url}/app/sites`);
    await page.getByRole('button', { name: 'New site' }).click();
    await page.getByRole('textbox', { name: 'Name of the site' }).fill('Sala 3');
    await page.getByRole('textbox', { name: 'Address' }).fill('Av. Paseo Colón 850');
    await page.getByRole('textbox', { name: 'Country' }).fill('ar');
    await page.getByRole('button', { name: 'Save site' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sala 3' }).waitFor();
    await page.getByRole('button', { name: 'Bring a probe here' }).click();
    await page.getByRole('dialog').getByLabel('Probe').selectOption({ label: 'rack-7' });
    await page.getByRole('dialog').getByLabel('MAC address').fill('02-00-5E-10-00-01');
    await page.getByRole('button', { name: 'Bring it here' }).click();
    await page.getByRole('row', { name: 'rack-7' }).getByText('02:00:5e:10:00:01').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
