#!/usr/bin/env bash
# node-cidr 1.0.0 (npm, the newest): the common network of addresses does not hold them.
#
# commonCidr() sorts addresses as text, in which 167772161 (10.0.0.1) comes before 33554433 (2.0.0.1): the range is negative, and the answer is
# one address. Where they sort alike, an address right behind the end of a network counts as inside. A network for an allow list, or one that
# a set of routers is summed up to, lacks half of its members. The smallest network that holds addresses is that of the leading bits that
# all of them share (RFC 4632, section 3.1); it is shown beside.
#
# Seen (node-cidr; how many of the two BlockList of node:net finds in it; the network by the leading bits):
#   2.0.0.1 and 10.0.0.1: 10.0.0.1/32, 1 of 2; 0.0.0.0/4
#   5.0.0.9 and 203.0.113.1: 203.0.113.1/32, 1 of 2; 0.0.0.0/0
#   192.0.2.255 and 192.0.3.0: 192.0.2.254/31, 1 of 2; 192.0.2.0/23
#   192.0.2.9 and 192.0.2.10: 192.0.2.8/31, 1 of 2; 192.0.2.8/30
#   192.0.2.8 and 192.0.2.10: 192.0.2.8/30, 2 of 2; 192.0.2.8/30
#   networks 5.0.0.0/24 and 23.0.0.0/24: 23.0.0.0/32, 0 of 2; 0.0.0.0/3
# Needs: node >= 20 with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . node-cidr@1.0.0 > /dev/null || { echo "no node-cidr 1.0.0 here"; exit 77; }
cat > ask.js << 'JAVASCRIPT'
const { ip, cidr } = require('node-cidr');
const { BlockList } = require('net');
const bits = (address) => address.split('.').map((part) => Number(part).toString(2).padStart(8, '0')).join('');
const byBits = (first, last) => {
  let length = 0;
  while (length < 32 && bits(first)[length] === bits(last)[length]) length++;
  const kept = bits(first).slice(0, length).padEnd(32, '0');
  return `${[0, 8, 16, 24].map((at) => parseInt(kept.slice(at, at + 8), 2)).join('.')}/${length}`;
};
const show = (named, network, members, ends) => {
  const list = new BlockList();
  const [first, length] = network.split('/');
  list.addSubnet(first, Number(length), 'ipv4');
  console.log(`${named}: ${network}, ${members.filter((member) => list.check(member)).length} of 2; ${byBits(...ends)}`);
};
for (const pair of [
  ['2.0.0.1', '10.0.0.1'],
  ['5.0.0.9', '203.0.113.1'],
  ['192.0.2.255', '192.0.3.0'],
  ['192.0.2.9', '192.0.2.10'],
  ['192.0.2.8', '192.0.2.10'],
])
  show(pair.join(' and '), ip.commonCidr(pair), pair, pair);
show('networks 5.0.0.0/24 and 23.0.0.0/24', cidr.commonCidr(['5.0.0.0/24', '23.0.0.0/24']), ['5.0.0.1', '23.0.0.1'], ['5.0.0.0', '23.0.0.255']);
JAVASCRIPT
seen=$(node ask.js)
echo "$seen"
[ "$seen" = "2.0.0.1 and 10.0.0.1: 10.0.0.1/32, 1 of 2; 0.0.0.0/4
5.0.0.9 and 203.0.113.1: 203.0.113.1/32, 1 of 2; 0.0.0.0/0
192.0.2.255 and 192.0.3.0: 192.0.2.254/31, 1 of 2; 192.0.2.0/23
192.0.2.9 and 192.0.2.10: 192.0.2.8/31, 1 of 2; 192.0.2.8/30
192.0.2.8 and 192.0.2.10: 192.0.2.8/30, 2 of 2; 192.0.2.8/30
networks 5.0.0.0/24 and 23.0.0.0/24: 23.0.0.0/32, 0 of 2; 0.0.0.0/3" ]
