import { connect, createServer } from 'node:net';

/*
 * Runs in the namespace of the server's host: takes connections to a port there and hands each on to a socket in the file system,
 * behind which the test is. A socket of that kind knows no namespaces, so nothing of the machine's own network is needed.
 *   forward.ts PORT PATH
 */
const [port, path] = process.argv.slice(2);
createServer((front) => {
  const back = connect(String(path));
  front.on('error', () => back.destroy()).on('close', () => back.destroy());
  back.on('error', () => front.destroy()).on('close', () => front.destroy());
  front.pipe(back);
  back.pipe(front);
}).listen(Number(port), '::');
