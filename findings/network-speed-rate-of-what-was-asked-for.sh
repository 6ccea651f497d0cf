#!/usr/bin/env bash
# network-speed 2.1.1 (npm, the newest): the rate of a download is made of the size that the caller states and the time after the first piece.
#
# checkDownloadSpeed(url, fileSizeInBytes) divides the stated size, whatever came, and does not look at the status: an error page of nine
# bytes is a download of half a megabyte. The README calls it "the size of the file to be downloaded". The clock starts with the first
# piece of the body, whose bytes count all the same, so that waiting for a slow server is left out: what took two seconds and came
# in two pieces took as long as the second piece. The capacity that a transfer shows is the data that it sent over the time that
# passed (RFC 3148). A monitor of one's own line reads hundreds of megabits once the file has moved away.
#
# Seen (500000 bytes stated; the rates of what came are below 0.01 Mbit/s):
#   404 with 9 bytes in half a second: above 1 Mbit/s
#   2000 bytes, half of them after two seconds and the rest at once: above 10 Mbit/s
# Needs: node >= 20 with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . network-speed@2.1.1 > /dev/null || { echo "no network-speed 2.1.1 here"; exit 77; }
cat > ask.js << 'NODE'
const http = require('http');
const { setTimeout: wait } = require('timers/promises');
const NetworkSpeed = require('network-speed');

const server = http.createServer(async (request, response) => {
  if (request.url === '/gone') {
    response.writeHead(404).write('not ');
    await wait(500);
    return response.end('found');
  }
  await wait(2000);
  response.write(Buffer.alloc(1000));
  await wait(20); // a piece of its own
  response.end(Buffer.alloc(1000));
});
server.listen(0, '127.0.0.1', async () => {
  const ask = async (path) => Number((await new NetworkSpeed().checkDownloadSpeed(`http://127.0.0.1:${server.address().port}${path}`, 500000)).mbps);
  const say = (what, rate, least) => console.log(`${what}: ${rate > least ? 'above' : rate} ${least} Mbit/s`);
  say('404 with 9 bytes in half a second', await ask('/gone'), 1);
  say('2000 bytes, half of them after two seconds and the rest at once', await ask('/slow'), 10);
  server.close();
});
NODE
seen=$(node ask.js)
echo "$seen"
[ "$seen" = "404 with 9 bytes in half a second: above 1 Mbit/s
2000 bytes, half of them after two seconds and the rest at once: above 10 Mbit/s" ]
