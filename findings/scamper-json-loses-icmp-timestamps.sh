#!/usr/bin/env bash
# scamper 20211212 (Debian 12; the same code in 20260420, the newest): the JSON of `ping -P icmp-time` is without the times.
#
# A timestamp reply (RFC 792, types 13 and 14) says when the request left, when it came and when the reply left, in milliseconds since
# midnight UTC: one-way delays and the offset of a router's clock are made of them, and they are why one probes in this way. The record
# in the warts file has all three; sc_warts2text and sc_wartsdump print them (tso, tsr, tst), sc_warts2json and
# `scamper -O json` leave them out. The times that an IP option brings (-T) are in the JSON.
#
# Seen (of two replies):
#   sc_warts2text: 2 with tso, tsr and tst
#   sc_wartsdump: 2 with tso, tsr and tst
#   sc_warts2json: 2 replies of icmp-time; keys: from icmp_code icmp_type probe_ipid reply_ipid reply_proto reply_size reply_ttl rtt rx seq tx
# Needs: Debian 12 (apt, the libraries of scamper), root, ip (iproute2), node. Nothing leaves the loopback address.
set -euo pipefail

VERSION=20211212-1.1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "scamper=$VERSION" > /dev/null 2>&1 || { echo "no scamper $VERSION here"; exit 77; }
dpkg -x scamper_*.deb .
chmod 777 "$folder"
chmod u-s usr/bin/scamper

unshare --net sh -c 'ip link set lo up; exec usr/bin/scamper -O warts -o time.warts -I "ping -P icmp-time -c 2 127.0.0.1"'

text=$(usr/bin/sc_warts2text time.warts | grep -cE 'tso=[0-9:.]{12} tsr=[0-9:.]{12} tst=[0-9:.]{12}$')
dump=$(usr/bin/sc_wartsdump time.warts | grep -cE 'tso=[0-9:.]{12} tsr=[0-9:.]{12} tst=[0-9:.]{12}$')
json=$(usr/bin/sc_warts2json time.warts | grep '"type":"ping"' | node -e '
  const { method, responses } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const keys = [...new Set(responses.flatMap((reply) => Object.keys(reply)))].sort();
  console.log(`${responses.length} replies of ${method}; keys: ${keys.join(" ")}`);')
echo "sc_warts2text: $text with tso, tsr and tst"
echo "sc_wartsdump: $dump with tso, tsr and tst"
echo "sc_warts2json: $json"
[ "$text" = 2 ] || exit 1
[ "$dump" = 2 ] || exit 1
[ "$json" = '2 replies of icmp-time; keys: from icmp_code icmp_type probe_ipid reply_ipid reply_proto reply_size reply_ttl rtt rx seq tx' ] || exit 1
