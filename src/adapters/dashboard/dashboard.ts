import compression from 'compression';
import express, { type RequestHandler, Router } from 'express';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DomainError } from '../../platform/errors/domain.error.js';

const YEAR_MS = 365 * 86_400_000;
const ROOT = '/app';

/** @returns the folder of the built dashboard, which is a package of its own; undefined where it is not built */
function builtDashboard(): string | undefined {
  // this file is also read from a bundle of the tests: the package is found from wherever it is
  const dist = join(dirname(createRequire(import.meta.url).resolve('@pladmed/web/package.json')), 'dist');
  return existsSync(join(dist, 'index.html')) ? dist : undefined;
}

/**
 * Serves the dashboard at /app/, and sends a browser that asks for / there; everything else passes by.
 * @param frameAncestors origins of pages that may have a plot in a frame
 * @see docs/adr/0033-the-dashboard-is-a-client.md
 */
export function dashboard(frameAncestors: readonly string[] = []): RequestHandler {
  const router = Router();
  router.use(`${ROOT}/embed`, mayBeFramed(frameAncestors));
  const dist = builtDashboard();
  router.get('/', (request, response, next) => {
    if (!wantsPage(request.headers.accept)) {
      next();
      return;
    }
    response.vary('Accept').redirect(302, `${ROOT}/`);
  });
  if (dist === undefined) {
    router.get([ROOT, `${ROOT}/*path`], (_request, _response, next) => {
      next(new DomainError('not_found', 'The dashboard is not built: `make build` builds it'));
    });
    return router;
  }
  // so that relative addresses of the page are right
  router.get(ROOT, (request, response, next) => {
    if (request.path.endsWith('/')) next();
    else response.redirect(301, `${ROOT}/`);
  });
  router.use(ROOT, compression());
  // names with a hash of what is in them: never another content
  const forever = { immutable: true, maxAge: YEAR_MS, index: false, redirect: false, fallthrough: false };
  router.use(`${ROOT}/assets`, missingAsProblem(express.static(join(dist, 'assets'), forever)));
  router.use(ROOT, express.static(dist, { index: false, redirect: false, setHeaders: noCache }));
  // each page has an address of its own, and the same file: which one it is, the file finds out
  router.get([`${ROOT}/`, `${ROOT}/*path`], (_request, response) => {
    response.sendFile('index.html', {
      root: dist,
      headers: { 'Cache-Control': 'no-cache' },
      cacheControl: false,
    });
  });
  return router;
}

/** A plot may be in a frame of the pages that the operator names; the page itself, with what people do in it, in none of others. */
function mayBeFramed(ancestors: readonly string[]): RequestHandler {
  return (_request, response, next) => {
    const policy = response.getHeader('Content-Security-Policy');
    if (ancestors.length > 0 && typeof policy === 'string') {
      const allowed = `frame-ancestors 'self' ${ancestors.join(' ')}`;
      response.setHeader('Content-Security-Policy', policy.replace(/frame-ancestors [^;]*/, allowed));
      // it knows no list, and browsers that know both ask the other one
      response.removeHeader('X-Frame-Options');
    }
    next();
  };
}

/** A browser that shows a page says so by name; tools accept everything. */
function wantsPage(accept: string | undefined): boolean {
  return accept?.includes('text/html') === true;
}

function noCache(response: { setHeader(name: string, value: string): unknown }): void {
  response.setHeader('Cache-Control', 'no-cache');
}

/** What is not there is a problem like every other, not a page: an old page would take that for a script. */
function missingAsProblem(files: RequestHandler): RequestHandler {
  return (request, response, next) =>
    void files(request, response, (error?: unknown) => {
      const { status } = (error ?? {}) as { status?: number };
      next(
        status === 404 || error === undefined ? new DomainError('not_found', 'There is no such file') : error,
      );
    });
}
