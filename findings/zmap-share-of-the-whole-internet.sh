#!/usr/bin/env bash
# zmap 2.1.1 (Debian bookworm, 2.1.1-2+b6): `-n 10%` is a tenth of the whole IPv4 space, whatever networks were named, so that all of them is probed.
#
# zmap(1) says of --max-targets: "a percentage (e.g. -n 0.1%) of the scannable address space (after excluding blacklist)". The percentage is
# taken of 2^32 addresses. A sample of 10 %, 1 % or 0.1 % of a network of one's own is each of its addresses, and no sample: a share of
# answering hosts is right by chance, and the network gets a thousand times the traffic that was agreed on. An excluded half of the
# space makes no difference either. A number of targets (-n 26) is right, and so are --shards. Asked with --dryrun, which prints the packets.
#
# Seen (targets):
#   -n 26 of 256: 26
#   -n 10% of 256: 256, of 16384: 16384
#   -n 0.1% of 256: 256, of 16384: 16384
#   -n 0.000001%: 42 of 2^32 addresses, 42 without a half of them
# Needs: Debian 12 on amd64 (apt; libjson-c5, libgmp10 and libpcap0.8, the other libraries of zmap). No packet is sent.
set -euo pipefail

VERSION=2.1.1-2+b6

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "zmap=$VERSION" libhiredis0.14 > /dev/null 2>&1 || { echo "no zmap $VERSION here"; exit 77; }
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
echo 0.0.0.0/1 > half
targets() { # targets SHARE EXCLUDED NETWORK...: how many addresses there are packets for
  usr/sbin/zmap --dryrun --target-port=80 --interface=lo --source-ip=192.0.2.1 --gateway-mac=00:00:5e:00:53:01 --quiet --verbosity=0 \
    --config=/dev/null --sender-threads=1 --seed=1 --max-targets="$1" --blacklist-file="$2" "${@:3}" 2> /dev/null | grep -o 'daddr: [0-9.]*' | sort -u | wc -l
}
{
  echo "-n 26 of 256: $(targets 26 /dev/null 203.0.113.0/24)"
  for share in 10% 0.1%; do
    echo "-n $share of 256: $(targets $share /dev/null 203.0.113.0/24), of 16384: $(targets $share /dev/null 10.0.0.0/18)"
  done
  echo "-n 0.000001%: $(targets 0.000001% /dev/null) of 2^32 addresses, $(targets 0.000001% half) without a half of them"
} | tee seen
[ "$(cat seen)" = "-n 26 of 256: 26
-n 10% of 256: 256, of 16384: 16384
-n 0.1% of 256: 256, of 16384: 16384
-n 0.000001%: 42 of 2^32 addresses, 42 without a half of them" ]
