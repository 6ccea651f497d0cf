import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { until } from './until.js';

/** Debian's: `scripts/tools.sh chromium` installs it. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** A busy machine is slow, not broken. */
const PATIENCE_MS = 120_000;

export async function startBrowser(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  return chromium.launch({ executablePath: CHROMIUM, args, timeout: PATIENCE_MS });
}

/** @returns a page; what its scripts complain of, or the Content-Security-Policy forbids, is in `complaints` */
export async function openPage(
  browser: Browser,
  width = 1440,
  scheme: 'light' | 'dark' = 'light',
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) complaints.push(message.text());
  });
  return { page, complaints };
}

/** @returns what axe-core finds on a page, in words */
export async function violations(page: Page): Promise<string[]> {
  // the policy of the page allows no script of ours: it is put in by the browser's own door
  await page.evaluate(await readFile(AXE, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations: found } = await axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    });
    return found.flatMap(({ id, nodes }) =>
      nodes.slice(0, 5).map(({ html }) => `${id}: ${html.slice(0, 200)}`),
    );
  });
}

/** Lets the page be somebody's, as if they had logged in before; undefined: nobody's. */
export async function keepSession(page: Page, token: string | undefined): Promise<void> {
  if (token === undefined) return;
  await page.addInitScript(`localStorage.setItem('pladmed.session', ${JSON.stringify(token)})`);
}

/** The page at a URL, as somebody sees it who has logged in; as `openPage`. */
export async function openAs(browser: Browser, url: string, token: string | undefined) {
  const opened = await openPage(browser);
  await keepSession(opened.page, token);
  await opened.page.goto(url);
  return opened;
}

/** Until the page shows what it has asked for, and nothing is on its way to it. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1, [role=img], [role=alert]').first().waitFor();
  await until('all that was asked for', async () => (await page.locator('.skeleton').count()) === 0);
  // what is drawn on a canvas is drawn in the next frames
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}
