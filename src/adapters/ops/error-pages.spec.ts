import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { ALL_CODES, CATALOGUE, pageOfError } from '../../platform/errors/catalogue.js';
import { errorDocument, errorDocuments, htmlOf, htmlOfAll, markdownOf, PAGE_POLICY } from './error-pages.js';

describe('the pages of errors', () => {
  it.each(ALL_CODES)('say what %s means and what to do', (code) => {
    const error = errorDocument(code);
    if (error === undefined) throw new Error('no page');
    expect(error).toMatchObject({ type: pageOfError(code), ...CATALOGUE[code] });
    expect(Math.min(error.meaning.length, error.remedy.length)).toBeGreaterThan(15);
    const html = htmlOf(error);
    expect(html).toContain(`<code>${code}</code>, status ${CATALOGUE[code].status}`);
    // readable without a script, and nothing that the policy would stop
    expect(html).not.toMatch(/<script|<link|<img|\son\w+=|\sstyle=|`|undefined/);
    expect(markdownOf(error)).toContain(`## What to do\n\n${error.remedy}`);
    expect(htmlOfAll(errorDocuments())).toContain(`href="${pageOfError(code)}"`);
  });

  it('have the one style that their policy allows', () => {
    const [error] = errorDocuments();
    const style = /<style>(.*)<\/style>/s.exec(error ? htmlOf(error) : '')?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(PAGE_POLICY).toContain(`style-src 'sha256-${digest}'`);
    expect(PAGE_POLICY).toContain("default-src 'none'");
  });

  it.each(['', 'constructor', '__proto__', 'busy/', 'BUSY'])('have none for %j', (code) => {
    expect(errorDocument(code)).toBeUndefined();
  });
});
