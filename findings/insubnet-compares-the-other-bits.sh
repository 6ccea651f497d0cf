#!/usr/bin/env bash
# insubnet 0.0.8 (npm, the newest): of an IPv6 network whose length is no multiple of 16 the wrong bits are compared.
#
# A prefix is the leading bits of an address (RFC 4291, section 2.3). Of the 16 bits that the prefix ends in, the mask is made of the lowest ones
# instead of the highest: `/33` looks at the last bit of the third group, `/44` at its last twelve. Addresses of the network are out of it, and
# those of the neighbour are in it. /29, /33, /36 and /44 are what registries and providers hand out, and 10, 7 and 28 are the
# lengths of special networks. `Auto`, `IPv6`, `Filter` and `Validate` share this; IPv4, and /32, /48 and /64, are right. BlockList of node:net is asked the same.
#
# Seen (insubnet, then BlockList):
#   2001:db8:1::1 in 2001:db8::/33: false true
#   2001:db8:8000::1 in 2001:db8::/33: true false
#   2001:dbf::1 in 2001:db8::/29: false true
#   2001:db8:1f::1 in 2001:db8:10::/44: false true
#   fe81::1 in fe80::/10: false true
#   2001:db8:f001::1 in 2001:db8:1000::/36: false false
#   2001:db8:f000::1 in 2001:db8:1000::/36: true false
#   2001:db8::1 in 2001:db8::/32: true true
# Needs: node >= 20 with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . insubnet@0.0.8 > /dev/null || { echo "no insubnet 0.0.8 here"; exit 77; }
cat > ask.js << 'JAVASCRIPT'
const insubnet = require('insubnet');
const { BlockList } = require('net');
const asked = [
  ['2001:db8:1::1', '2001:db8::/33'],
  ['2001:db8:8000::1', '2001:db8::/33'],
  ['2001:dbf::1', '2001:db8::/29'],
  ['2001:db8:1f::1', '2001:db8:10::/44'],
  ['fe81::1', 'fe80::/10'],
  ['2001:db8:f001::1', '2001:db8:1000::/36'],
  ['2001:db8:f000::1', '2001:db8:1000::/36'],
  ['2001:db8::1', '2001:db8::/32'],
];
for (const [address, network] of asked) {
  const list = new BlockList();
  const [first, length] = network.split('/');
  list.addSubnet(first, Number(length), 'ipv6');
  console.log(`${address} in ${network}: ${insubnet.Auto(address, network)} ${list.check(address, 'ipv6')}`);
}
JAVASCRIPT
seen=$(node ask.js)
echo "$seen"
[ "$seen" = "2001:db8:1::1 in 2001:db8::/33: false true
2001:db8:8000::1 in 2001:db8::/33: true false
2001:dbf::1 in 2001:db8::/29: false true
2001:db8:1f::1 in 2001:db8:10::/44: false true
fe81::1 in fe80::/10: false true
2001:db8:f001::1 in 2001:db8:1000::/36: false false
2001:db8:f000::1 in 2001:db8:1000::/36: true false
2001:db8::1 in 2001:db8::/32: true true" ]
