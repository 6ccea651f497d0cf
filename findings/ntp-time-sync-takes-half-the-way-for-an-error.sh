#!/usr/bin/env bash
# ntp-time-sync 0.5.0 (npm, the newest): the offset of a clock that is right is half of the round trip.
#
# RFC 5905, section 8: the offset is ((T2 - T1) + (T3 - T4)) / 2, in which the way there and the way back cancel out. getTime() adds the
# amounts of both instead, |T2 - T1| + |T3 - T4|, and gives the sum a sign: of a server 400 ms away it says 400 ms where the clocks
# agree, and never less than half the round trip. Beyond that the two formulas are the same, which is why a clock that
# is seconds off is set well, and then set wrong at the next request.
#
# Seen (a server that answers with this machine's own time, 400 ms of waiting on each way; and one whose clock is 10 s ahead):
#   clock exact: RFC 5905 0 ms, ntp-time-sync about -400 ms
#   10 s ahead: RFC 5905 10000 ms, ntp-time-sync about 10000 ms
# Needs: node >= 20 with npm. Nothing leaves the loopback address.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . ntp-time-sync@0.5.0 > /dev/null || { echo "no ntp-time-sync 0.5.0 here"; exit 77; }
cat > ask.cjs << 'JS'
const { createSocket } = require('node:dgram');
const { NtpTimeSync } = require('ntp-time-sync');

const WAY_MS = 400;
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function timestamp(ms) {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(Math.floor(ms / 1000) + 2208988800);
  bytes.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 2 ** 32), 4);
  return bytes;
}

// what the package says, and the formula of RFC 5905 over the same request, both rounded to the way
async function ask(name, aheadMs) {
  let [t1, t2] = [0, 0];
  const server = createSocket('udp4');
  server.on('message', async (request, { port, address }) => {
    t1 = Date.now();
    await rest(WAY_MS);
    t2 = Date.now() + aheadMs;
    const answer = Buffer.alloc(48);
    answer.set([0x24, 1, 6, 0xe9]); // leap 0, version 4, server; stratum 1; poll 6; precision -23
    answer.write('GPS', 12);
    request.copy(answer, 24, 40, 48);
    for (const at of [16, 32, 40]) timestamp(t2).copy(answer, at);
    await rest(WAY_MS);
    server.send(answer, port, address);
  });
  await new Promise((resolve) => server.bind(0, '127.0.0.1', resolve));
  const clock = new NtpTimeSync({ servers: [`127.0.0.1:${server.address().port}`], sampleCount: 1 });
  const { offset } = await clock.getTime(true);
  const t4 = Date.now();
  server.close();
  const rounded = (ms) => Math.round(ms / WAY_MS) * WAY_MS + 0;
  console.log(`${name}: RFC 5905 ${rounded((t2 - t1 + (t2 - t4)) / 2)} ms, ntp-time-sync about ${rounded(offset)} ms`);
}

ask('clock exact', 0).then(() => ask('10 s ahead', 10_000));
JS
seen=$(node ask.cjs)
echo "$seen"
[ "$seen" = "clock exact: RFC 5905 0 ms, ntp-time-sync about -400 ms
10 s ahead: RFC 5905 10000 ms, ntp-time-sync about 10000 ms" ]
