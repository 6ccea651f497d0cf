#!/usr/bin/env bash
# tcp-ping 0.1.1 (npm, the newest): min and max are those of the attempts after the last failure, and avg is no number.
#
# Each attempt that fails has a time of undefined. The smallest and the greatest time are looked for by comparing with it, which in JavaScript
# is false both ways, so that the search begins anew behind each failure; if the last attempt failed there is none. avg adds
# undefined, and is NaN after one failure of any number of attempts (null in JSON). Its documentation says: "avg", "max" and "min" of the
# attempts. A round-trip time that was not had is undefined and no part of such figures (RFC 2681, sections 2.4 and 4). probe(), "is this
# port open?", makes one attempt and is right.
#
# Seen (a server that can be reached, and not, and again; attempts of about 300, then a failure, then about 0 ms):
#   attempts: 300 failed 0 0
#   min 0, max 0, avg NaN
#   with the failure last: min undefined, max undefined, avg NaN
# Needs: node >= 20 with npm. Nothing leaves the loopback address.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . tcp-ping@0.1.1 > /dev/null || { echo "no tcp-ping 0.1.1 here"; exit 77; }
cat > ping.js << 'JAVASCRIPT'
const net = require('node:net');
// A network of which each attempt takes its own way: after so many milliseconds it is connected or refused.
const connect = net.Socket.prototype.connect;
const ways = [];
net.Socket.prototype.connect = function (port, address, connected) {
  const { after, refused } = ways.shift();
  setTimeout(() => connect.call(this, refused ? closed : port, address, connected), after);
  return this;
};
const tcp = require('tcp-ping');
let closed;
const server = net.createServer((socket) => socket.destroy()).listen(0, '127.0.0.1', () => {
  const spare = net.createServer().listen(0, '127.0.0.1', () => {
    closed = spare.address().port;
    spare.close(() => first(server.address().port));
  });
});
const hundreds = (ms) => (ms === undefined || Number.isNaN(ms) ? ms : Math.floor(ms / 100) * 100);
const ask = (port, those, told) => {
  ways.push(...those);
  tcp.ping({ address: '127.0.0.1', port, attempts: those.length }, (_, data) => told(data));
};
const first = (port) =>
  ask(port, [{ after: 300 }, { after: 0, refused: true }, { after: 0 }, { after: 0 }], ({ results, min, max, avg }) => {
    console.log(`attempts: ${results.map(({ time, err }) => (err ? 'failed' : hundreds(time))).join(' ')}`);
    console.log(`min ${hundreds(min)}, max ${hundreds(max)}, avg ${avg}`);
    ask(port, [{ after: 300 }, { after: 0 }, { after: 0, refused: true }], ({ min, max, avg }) => {
      console.log(`with the failure last: min ${min}, max ${max}, avg ${avg}`);
      server.close();
    });
  });
JAVASCRIPT
seen=$(node ping.js)
echo "$seen"
[ "$seen" = "attempts: 300 failed 0 0
min 0, max 0, avg NaN
with the failure last: min undefined, max undefined, avg NaN" ]
