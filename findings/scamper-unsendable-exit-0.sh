#!/bin/bash
# scamper 20211212 ends with 0 where it sent nothing, and leaves the destination out of its file.
#
# Version:   scamper 20211212 (Debian 12, package scamper 20211212-1.1), Linux, needs root (unshare -n) and apt.
# Behaviour: in a network without a route, `ping` and `trace` of an address
#            - print "scamper_getsrc: connect to dst failed for ADDRESS: Network is unreachable" to standard error,
#            - write no record of that address (a reader of the file cannot tell that it was asked for),
#            - end with 0, also when nothing else was asked for.
#            An IPv4-mapped IPv6 address (::ffff:127.0.0.1) is written as a ping of 0 packets, and the exit code is 0 too.
#            Records stand in the order in which they were finished: only -U (userid), one for each command, tells them apart.
# Seen:      no route:  exit 0, 0 records, "connect to dst failed for 192.0.2.1: Network is unreachable"
#            of three:  exit 0, 2 records, userids 1 3
#            mapped:    exit 0, ping_sent 0
set -u
command -v scamper sc_warts2json unshare ip >/dev/null || apt-get install -y -qq scamper util-linux iproute2 >/dev/null
[ "$(id -u)" = 0 ] || { echo "it needs root"; exit 2; }
scamper -v 2>&1 | grep -q 20211212 || { echo "it needs scamper 20211212, not $(scamper -v 2>&1)"; exit 2; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
chmod 777 "$folder"

measure() { # NAME COMMAND...
  local name=$1
  shift
  unshare -n sh -c 'ip link set lo up; exec "$@"' sh scamper -O warts -o "$name.warts" -I "$@" 2>"$name.stderr"
  echo "$?" >"$name.code"
  sc_warts2json "$name.warts" | grep -E '"type":"(ping|trace)"' >"$name.json"
}

measure none 'ping -c 1 192.0.2.1'
measure trace 'trace 192.0.2.1'
measure some 'ping -c 1 -U 1 127.0.0.1' 'ping -c 1 -U 2 192.0.2.1' 'ping -c 1 -U 3 127.0.0.2'
measure mapped 'ping -c 1 ::ffff:127.0.0.1'

changed=0
check() { # WHAT EXPECTED SEEN
  echo "$1: $3"
  [ "$2" = "$3" ] || { echo "  changed: it was $2"; changed=1; }
}
check "no route, exit code" 0 "$(cat none.code)"
check "no route, records" 0 "$(wc -l <none.json | tr -d ' ')"
check "no route, said" "connect to dst failed for 192.0.2.1: Network is unreachable" "$(grep -o 'connect to dst.*' none.stderr)"
check "trace without a route, exit code and records" "0 0" "$(cat trace.code) $(wc -l <trace.json | tr -d ' ')"
check "one of three without a route, exit code and records" "0 2" "$(cat some.code) $(wc -l <some.json | tr -d ' ')"
check "their userids" "1 3" "$(grep -o '"userid":[0-9]*' some.json | cut -d: -f2 | sort | paste -sd' ')"
check "IPv4-mapped, exit code" 0 "$(cat mapped.code)"
check "IPv4-mapped, packets" '"ping_sent":0' "$(grep -o '"ping_sent":[0-9]*' mapped.json)"
exit "$changed"
