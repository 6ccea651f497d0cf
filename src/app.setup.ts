import { type NestExpressApplication } from '@nestjs/platform-express';
import { type OpenAPIObject } from '@nestjs/swagger';
import helmet from 'helmet';
import { type Logger as Pino } from 'pino';
import { PlatformBus } from './platform/bus/platform-bus.js';
import { DatabaseService } from './platform/database/database.service.js';
import { PackStreams, packLongAnswers } from './platform/http/content-coding.js';
import { jsonBody } from './platform/http/json-body.js';
import { methodNotAllowed } from './platform/http/method-not-allowed.js';
import { requestLogger } from './platform/logging/request-context.js';
import { HandshakePacing } from './platform/sockets/handshake-pacing.js';
import { SocketsAdapter } from './platform/sockets/sockets.adapter.js';
import { type Env } from './config/env.js';
import { openApiDocument, serveExplorer } from './openapi.js';
import { dashboard } from './adapters/dashboard/dashboard.js';
import { ProbeConnectionsService } from './core/presence/index.js';

/** Everything between an HTTP server and the modules: the same for the running server and for tests. */
export async function setUp(app: NestExpressApplication, env: Env, root: Pino): Promise<void> {
  const document = openApiDocument(app);
  app.set('trust proxy', env.trustProxy);
  app.disable('x-powered-by');
  app.use(requestLogger(root, env.trustProxy > 0));
  app.enableCors({
    origin: '*',
    exposedHeaders: ['ETag', 'Link', 'Location', 'Retry-After', 'X-Request-Id'],
    maxAge: 3600,
  });
  app.use(securityHeaders());
  app.use(dashboard());
  app.use(methodNotAllowed(env.allowDeleteAll ? document.paths : withoutDeleteAll(document.paths)));
  app.use('/api', packLongAnswers());
  app.useGlobalInterceptors(new PackStreams());
  app.use(...jsonBody());
  app.useWebSocketAdapter(new SocketsAdapter(app, app.get(HandshakePacing)));
  serveExplorer(app, document);
  const database = app.get(DatabaseService);
  await database.prepare();
  await app.get(PlatformBus).start(await database.platformName());
  await app.get(ProbeConnectionsService).startAfresh();
}

function securityHeaders() {
  return helmet({
    // the frontend comes from another origin
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    // TLS is the proxy's: over plain HTTP these would break the explorer
    strictTransportSecurity: false,
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  });
}

/** Where it is not allowed nothing is said of it, not even that it is there. */
function withoutDeleteAll({
  '/delete_all': _hidden,
  ...paths
}: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  return paths;
}
