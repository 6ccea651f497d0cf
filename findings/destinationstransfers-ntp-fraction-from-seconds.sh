#!/usr/bin/env bash
# @destinationstransfers/ntp 2.0.0 (npm, the newest): the milliseconds of the time come from the whole seconds of another field.
#
# The transmit timestamp is the last eight bytes of the header: four of seconds, four of fraction (RFC 5905, sections 6 and 7.3).
# getNetworkTime() takes the seconds of the receive timestamp, and for the fraction the *seconds* of the transmit timestamp over 2^32:
# about 0.93 s in 2026, the same in each answer, whatever the server says, and one more millisecond every fifty days. A time is
# wrong by -0.07 to +0.93 s, and two that were asked for half a second apart may be equal.
#
# Seen:
#   server: 2026-09-21T14:13:20.000Z, client: 2026-09-21T14:13:20.931Z
#   server: 2026-09-21T14:13:20.250Z, client: 2026-09-21T14:13:20.931Z
#   server: 2026-09-21T14:13:20.990Z, client: 2026-09-21T14:13:20.931Z
# Needs: node >= 20 with npm. Nothing leaves the loopback address.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . @destinationstransfers/ntp@2.0.0 > /dev/null ||
  { echo "no @destinationstransfers/ntp 2.0.0 here"; exit 77; }
cat > ask.cjs << 'JS'
const { createSocket } = require('node:dgram');
const { getNetworkTime } = require('@destinationstransfers/ntp');

let now = 0;
const server = createSocket('udp4');
server.on('message', (request, { port, address }) => {
  const answer = Buffer.alloc(48);
  answer.set([0x1c, 1, 6, 0xe9]); // leap 0, version 3 as asked, server; stratum 1; poll 6; precision -23
  answer.write('GPS', 12);
  request.copy(answer, 24, 40, 48);
  for (const at of [16, 32, 40]) {
    answer.writeUInt32BE(Math.floor(now / 1000) + 2208988800, at);
    answer.writeUInt32BE(Math.round(((now % 1000) / 1000) * 2 ** 32), at + 4);
  }
  server.send(answer, port, address);
});
server.bind(0, '127.0.0.1', async () => {
  for (const ms of [0, 250, 990]) {
    now = 1_790_000_000_000 + ms;
    const time = await getNetworkTime({ server: '127.0.0.1', port: server.address().port });
    console.log(`server: ${new Date(now).toISOString()}, client: ${time.toISOString()}`);
  }
  server.close();
});
JS
seen=$(node ask.cjs)
echo "$seen"
[ "$seen" = "server: 2026-09-21T14:13:20.000Z, client: 2026-09-21T14:13:20.931Z
server: 2026-09-21T14:13:20.250Z, client: 2026-09-21T14:13:20.931Z
server: 2026-09-21T14:13:20.990Z, client: 2026-09-21T14:13:20.931Z" ]
