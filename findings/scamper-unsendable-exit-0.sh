#!/usr/bin/env bash
# scamper 20211212 (Debian 12) ends with 0 where it sent nothing, and leaves the destination out of its file.
#
# In a network without a route, `ping` and `trace` of an address
#   - print "scamper_getsrc: connect to dst failed for ADDRESS: Network is unreachable" to standard error,
#   - write no record of that address: a reader of the file cannot tell that it was asked for,
#   - end with 0, also when nothing else was asked for.
# An IPv4-mapped IPv6 address (::ffff:127.0.0.1) is written as a ping of 0 packets, and the exit code is 0 too.
# Records stand in the order in which they were finished: only -U (userid), one for each command, tells them apart.
#
# Output seen with scamper 20211212:
#   ping without a route: exit 0, 0 records, connect to dst failed for 192.0.2.1: Network is unreachable
#   trace without a route: exit 0, 0 records
#   one of three without a route: exit 0, 2 records, userids 1 3
#   IPv4-mapped: exit 0, "ping_sent":0
#
# Needs: Debian 12 (apt), root or user namespaces (unshare), ip (iproute2). Nothing leaves the loopback address of a network of its own.
set -euo pipefail

VERSION=20211212-1.1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cd "$folder"
apt-get download -q "scamper=$VERSION" > /dev/null 2>&1 || { echo "scamper $VERSION cannot be had: apt-get update" >&2; exit 2; }
dpkg -x scamper_*.deb .
chmod 777 "$folder"
# as installed it is setuid root, and gives root up
chmod u-s usr/bin/scamper
namespace=(unshare --net)
[ "$(id -u)" = 0 ] || namespace=(unshare --net --map-root-user)

measure() { # measure NAME COMMAND...: what it wrote, as JSON, what it said, and its exit code
  local name=$1
  shift
  "${namespace[@]}" sh -c 'ip link set lo up; exec "$@"' sh \
    "$folder/usr/bin/scamper" -O warts -o "$name.warts" -I "$@" 2> "$name.stderr" && echo 0 > "$name.code" || echo "$?" > "$name.code"
  usr/bin/sc_warts2json "$name.warts" | { grep -E '"type":"(ping|trace)"' || true; } > "$name.json"
}

say() { # say NAME: exit code and number of records
  echo "exit $(cat "$1.code"), $(wc -l < "$1.json" | tr -d ' ') records"
}

measure none 'ping -c 1 192.0.2.1'
measure trace 'trace 192.0.2.1'
measure some 'ping -c 1 -U 1 127.0.0.1' 'ping -c 1 -U 2 192.0.2.1' 'ping -c 1 -U 3 127.0.0.2'
measure mapped 'ping -c 1 ::ffff:127.0.0.1'

none="$(say none), $(grep -o 'connect to dst.*' none.stderr || true)"
trace=$(say trace)
some="$(say some), userids $(grep -o '"userid":[0-9]*' some.json | cut -d: -f2 | sort | paste -sd' ')"
mapped="exit $(cat mapped.code), $(grep -o '"ping_sent":[0-9]*' mapped.json || true)"
echo "ping without a route: $none"
echo "trace without a route: $trace"
echo "one of three without a route: $some"
echo "IPv4-mapped: $mapped"
[ "$none" = 'exit 0, 0 records, connect to dst failed for 192.0.2.1: Network is unreachable' ] || exit 1
[ "$trace" = 'exit 0, 0 records' ] || exit 1
[ "$some" = 'exit 0, 2 records, userids 1 3' ] || exit 1
[ "$mapped" = 'exit 0, "ping_sent":0' ] || exit 1
