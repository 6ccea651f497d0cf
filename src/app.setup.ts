import { type NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { type Logger as Pino } from 'pino';
import { PlatformBus } from './platform/bus/platform-bus.js';
import { DatabaseService } from './platform/database/database.service.js';
import { PackStreams, packLongAnswers } from './platform/http/content-coding.js';
import { jsonBody } from './platform/http/json-body.js';
import { UNTOLD_PATH } from './platform/http/method-not-allowed.js';
import { answerUnreadRequests } from './platform/http/unread-requests.js';
import { wordErrors } from './platform/http/error-form.js';
import { requestLogger } from './platform/logging/request-context.js';
import { HandshakePacing } from './platform/sockets/handshake-pacing.js';
import { SocketsAdapter } from './platform/sockets/sockets.adapter.js';
import { hearUpgradeErrors } from './platform/sockets/upgrade-errors.js';
import { type Env } from './config/env.js';
import { serveExplorer } from './openapi.js';
import { API_BODIES } from './adapters/api/bodies.js';
import { GLOBALPING_BODIES } from './adapters/globalping/clients/bodies.js';
import { globalpingErrors } from './adapters/globalping/clients/errors.js';
import { GLOBALPING_HEADERS } from './adapters/globalping/clients/measurements/headers.js';
import { ATLAS_BODIES } from './adapters/atlas/bodies.js';
import { atlasErrors } from './adapters/atlas/atlas-error.js';
import { dashboard } from './adapters/dashboard/dashboard.js';
import { ProbeConnectionsService } from './core/presence/index.js';

/** Everything between an HTTP server and the modules: the same for the running server and for tests. */
export async function setUp(app: NestExpressApplication, env: Env, root: Pino): Promise<void> {
  answerUnreadRequests(app.getHttpServer());
  hearUpgradeErrors(app.getHttpServer());
  app.set('trust proxy', env.trustProxy);
  app.disable('x-powered-by');
  app.use(requestLogger(root, env.trustProxy > 0));
  app.enableCors({
    origin: '*',
    exposedHeaders: ['ETag', 'Link', 'Location', 'Retry-After', 'X-Request-Id', ...GLOBALPING_HEADERS],
    maxAge: 3600,
  });
  app.use(securityHeaders());
  app.use(dashboard(env.frameAncestors));
  if (!env.allowDeleteAll) app.set(UNTOLD_PATH, '/delete_all');
  const [hasGlobalping, hasAtlas] = [env.doors.includes('globalping'), env.doors.includes('atlas')];
  if (hasGlobalping) app.use('/v1', wordErrors(globalpingErrors));
  if (hasAtlas) app.use('/api/v2', wordErrors(atlasErrors));
  app.use('/api', packLongAnswers());
  app.use(['/operation', '/operations'], packLongAnswers({ again: true }));
  app.useGlobalInterceptors(new PackStreams());
  app.use(
    jsonBody([...API_BODIES, ...(hasGlobalping ? GLOBALPING_BODIES : []), ...(hasAtlas ? ATLAS_BODIES : [])]),
  );
  app.useWebSocketAdapter(new SocketsAdapter(app, app.get(HandshakePacing)));
  serveExplorer(app);
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
