import { createHash } from 'node:crypto';
import {
  ALL_CODES,
  type AnyErrorCode,
  CATALOGUE,
  type ErrorEntry,
  pageOfError,
} from '../../platform/errors/catalogue.js';

const STYLE =
  ':root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}code{font-size:.95em}';

/** Nothing runs on these pages, and nothing is loaded: they have one style sheet, inside. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** An entry of the catalogue as a program reads it. */
export interface ErrorDocument extends ErrorEntry {
  type: string;
  code: AnyErrorCode;
}

/** @returns undefined where there is no such code */
export function errorDocument(code: string): ErrorDocument | undefined {
  const known = ALL_CODES.find((each) => each === code);
  return known && { type: pageOfError(known), code: known, ...CATALOGUE[known] };
}

export function errorDocuments(): ErrorDocument[] {
  return ALL_CODES.map((code) => ({ type: pageOfError(code), code, ...CATALOGUE[code] }));
}

export function markdownOf({ code, status, title, meaning, remedy }: ErrorDocument): string {
  return `# ${title}\n\n\`${code}\`, status ${status}\n\n## What it means\n\n${meaning}\n\n## What to do\n\n${remedy}\n`;
}

export function markdownOfAll(documents: readonly ErrorDocument[]): string {
  const lines = documents.map(
    ({ type, code, status, title }) => `- [\`${code}\`](${type}) (${status}): ${title}`,
  );
  return `# Errors\n\n${lines.join('\n')}\n`;
}

export function htmlOf({ code, status, title, meaning, remedy }: ErrorDocument): string {
  return page(
    title,
    `<p><code>${code}</code>, status ${status}</p>
<h2>What it means</h2>
<p>${marked(meaning)}</p>
<h2>What to do</h2>
<p>${marked(remedy)}</p>
<p><a href="/docs/errors">All errors</a> · <a href="/docs">The API</a></p>`,
  );
}

export function htmlOfAll(documents: readonly ErrorDocument[]): string {
  const items = documents.map(
    ({ type, code, status, title }) =>
      `<li><a href="${type}"><code>${code}</code></a> (${status}): ${marked(title)}</li>`,
  );
  return page('Errors', `<ul>\n${items.join('\n')}\n</ul>\n<p><a href="/docs">The API</a></p>`);
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} - Pladmed</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${content}
</main>
</body>
</html>
`;
}

/** Text of the catalogue, which knows code spans alone, as HTML. */
function marked(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
