#!/usr/bin/env bash
# @hapi/sntp 4.0.0 (npm, the newest): a kiss-o'-death is a valid time of the year 1900, and a precision of 0.1 µs is 10^73 ms.
#
# An answer of stratum 0 is a kiss: its reference id tells the client to slow down or to stop, and all else of it is to be discarded
# (RFC 5905, section 7.4; RFC 4330, section 8). time() calls the stratum 'death', finds the message valid as long as it has the client's
# own timestamp in it, and computes an offset from times of 0; offset() keeps that for a day, so that now() is in 1900. The precision
# is a signed exponent of two, -23 for 0.1 µs (RFC 5905, section 7.3); it is read without the sign, as 2^233 s.
#
# Seen:
#   kiss RATE: stratum death, id RATE, year of the corrected clock 1900
#   precision -23: 1.3803492693581128e+73 ms
# Needs: node >= 20 with npm. Nothing leaves the loopback address.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . @hapi/sntp@4.0.0 > /dev/null || { echo "no @hapi/sntp 4.0.0 here"; exit 77; }
cat > ask.cjs << 'JS'
const { createSocket } = require('node:dgram');
const sntp = require('@hapi/sntp');

// leap 0, version 4, server; stratum, poll 6, precision -23; then as a server does that limits its clients: no times of its own
function answerTo(request, stratum, id, time) {
  const answer = Buffer.alloc(48);
  answer.set([stratum === 0 ? 0xe4 : 0x24, stratum, 6, 0xe9]);
  answer.write(id, 12);
  request.copy(answer, 24, 40, 48);
  for (const at of [32, 40]) answer.writeUInt32BE(time, at);
  return answer;
}

let kind = [];
const server = createSocket('udp4');
server.on('message', (request, { port, address }) => server.send(answerTo(request, ...kind), port, address));
server.bind(0, '127.0.0.1', async () => {
  const options = { host: '127.0.0.1', port: server.address().port };
  kind = [0, 'RATE', 0];
  const kiss = await sntp.time(options);
  await sntp.start(options);
  const year = new Date(sntp.now()).getUTCFullYear();
  sntp.stop();
  console.log(`kiss RATE: stratum ${kiss.stratum}, id ${kiss.referenceId}, year of the corrected clock ${year}`);
  kind = [1, 'GPS', Math.floor(Date.now() / 1000) + 2208988800];
  const { precision } = await sntp.time(options);
  console.log(`precision -23: ${precision} ms`);
  server.close();
});
JS
seen=$(node ask.cjs)
echo "$seen"
[ "$seen" = "kiss RATE: stratum death, id RATE, year of the corrected clock 1900
precision -23: 1.3803492693581128e+73 ms" ]
