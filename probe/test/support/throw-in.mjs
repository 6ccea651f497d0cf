/*
 * Loaded into a probe before its own code: errors that nobody catches, as a fault of the probe's would throw them.
 *   THROW_AT=<port>:<how>   of a connection to that port; how: data, timer, rejection
 * SIGUSR2 throws one that is of no run.
 */
import net from 'node:net';
import { syncBuiltinESMExports } from 'node:module';

const [port, how] = (process.env.THROW_AT ?? '').split(':');
const connect = net.connect;
const fail = () => {
  throw new Error(`escaped: ${how}`);
};
net.connect = function (...args) {
  const socket = connect.apply(this, args);
  if (String(args[0]?.port) !== port) return socket;
  if (how === 'data') socket.prependListener('data', fail);
  if (how === 'timer') socket.once('connect', () => setTimeout(fail));
  if (how === 'rejection') socket.once('connect', () => void Promise.resolve().then(fail));
  return socket;
};
syncBuiltinESMExports();
process.on('SIGUSR2', fail);
