import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

/*
 * Runs in a namespace: a real HTTPS server that answers with as many bytes as the path says, `/5000`.
 *   site.ts PORT KEY_FILE CERTIFICATE_FILE
 */
const [port, key = '', cert = ''] = process.argv.slice(2);
createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
  const bytes = Number(request.url?.slice(1));
  response.writeHead(Number.isSafeInteger(bytes) ? 200 : 404).end(Buffer.alloc(bytes || 0));
}).listen(Number(port), '::');
