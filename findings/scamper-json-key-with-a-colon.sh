#!/usr/bin/env bash
# scamper 20211212 (Debian 12; the same code in 20260420, the newest): the MTU of the next hop has a colon in its name, in traces alone.
#
# A router that may not fragment says how large a packet may be (RFC 1191, section 4; RFC 8201, section 4). sc_warts2json writes it into
# the hop of a trace as "icmp_nhmtu:", with the colon inside of the quotes; in the replies of a ping, which 20260420 prints it in, and
# in its notes on path MTU discovery the name is "icmp_nhmtu". The JSON is valid, so whoever asks a hop for icmp_nhmtu gets nothing, and
# takes the router for one that does not tell (RFC 1191, section 5). sc_wartsdump shows the value as nhmtu.
#
# Seen (a probe of 1400 bytes, of which a router says that 1280 fit):
#   sc_wartsdump: icmp-type: 3, icmp-code: 4, nhmtu: 1280
#   sc_warts2json: icmp_type 3, icmp_code 4, icmp_nhmtu undefined, icmp_nhmtu: 1280
# Needs: Debian 12 (apt, the libraries of scamper), root, ip (iproute2), node. All is in network namespaces of its own.
set -euo pipefail

VERSION=20211212-1.1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "scamper=$VERSION" > /dev/null 2>&1 || { echo "no scamper $VERSION here"; exit 77; }
dpkg -x scamper_*.deb .
chmod 777 "$folder"
chmod u-s usr/bin/scamper

# here (near) - router - far, and the second link holds 1280 bytes
unshare --net --mount bash -euo pipefail << 'BASH'
mount -t tmpfs none /run
mkdir -p /run/netns
ip netns add router
ip netns add far
ip link add near type veth peer name west netns router
ip -n router link add east type veth peer name end netns far
ip addr add 192.0.2.1/26 dev near
ip -n router addr add 192.0.2.2/26 dev west
ip -n router addr add 192.0.2.65/26 dev east
ip -n far addr add 192.0.2.66/26 dev end
ip link set lo up
ip link set near up
ip -n router link set west up
ip -n router link set east up mtu 1280
ip -n far link set end up mtu 1280
ip netns exec router sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
ip route add default via 192.0.2.2
ip -n far route add default via 192.0.2.65
usr/bin/scamper -O warts -o trace.warts -I "trace -P udp-paris -q 1 -w 2 -p $(printf '00%.0s' $(seq 1372)) 192.0.2.66"
BASH

dumped=$(usr/bin/sc_wartsdump trace.warts | sed -nE 's/^ (icmp-type: 3, icmp-code: 4), .*(nhmtu: [0-9]+)$/\1, \2/p')
printed=$(usr/bin/sc_warts2json trace.warts | grep '"type":"trace"' | node -e '
  const hop = JSON.parse(require("fs").readFileSync(0, "utf8")).hops.at(-1);
  console.log(["icmp_type", "icmp_code", "icmp_nhmtu", "icmp_nhmtu:"].map((key) => `${key} ${hop[key]}`).join(", "));')
echo "sc_wartsdump: $dumped"
echo "sc_warts2json: $printed"
[ "$dumped" = 'icmp-type: 3, icmp-code: 4, nhmtu: 1280' ] || exit 1
[ "$printed" = 'icmp_type 3, icmp_code 4, icmp_nhmtu undefined, icmp_nhmtu: 1280' ] || exit 1
