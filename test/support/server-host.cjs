/**
 * Runs servers of the tests in one process, one after another or beside each other: modules are loaded once, which is most of what
 * a start costs. hosted-server.ts asks for it over the channel of the processes; bundles.js puts this file beside the bundle.
 */
async function start(parts, { id, env: settings }) {
  const say = (message) => process.connected && process.send({ id, ...message });
  const env = parts.parseEnv(settings);
  const root = parts.createLogger(env, { write: (line) => say({ line }) });
  const log = root.child({ component: 'boot' });
  const database = await parts.provideDatabase(env, root.child({ component: 'database' }));
  try {
    const app = await parts.createApp(env, database.uri, root);
    const sockets = parts.openSockets(app.getHttpServer());
    await parts.listen(app, env);
    say({ ready: true });
    return { log, stop: () => parts.shutDown(() => parts.drain(app, sockets), database, log, LIMIT_MS) };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

/** How long a server may drain is shown with processes of their own; here it only bounds a failure. */
const LIMIT_MS = 60_000;

const servers = new Map();

/** As in main.ts of the server: it is logged, and nobody else is disturbed. */
process.on('unhandledRejection', (error) => {
  for (const { log } of servers.values()) log.error({ err: error }, 'a rejection was not handled');
});
// the worker of jest is gone
process.on('disconnect', () => process.exit(0));

process.on('message', (message) => {
  const { id } = message;
  const failed = (error) => process.connected && process.send({ id, failed: String(error?.stack ?? error) });
  if (message.env) {
    start(require('./loader.js').commands.host(), message).then((server) => servers.set(id, server), failed);
  } else {
    const { stop } = servers.get(id);
    servers.delete(id);
    stop().then((code) => process.send({ id, ended: code }), failed);
  }
});
