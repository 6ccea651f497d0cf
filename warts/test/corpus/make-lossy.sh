#!/bin/sh
# Makes warts files over links that delay, lose, duplicate and reorder packets (relay.py), by running scamper:
#   sh make-lossy.sh FOLDER [SEED]
# Needs root, iproute2, python3 and scamper (20211212), and takes 15 seconds; all traffic stays inside of the namespaces.
# These, the relays and scamper end with it. The same seed draws the same chances; times, and which packet comes first, differ.
#
#   src --- r1 === r2 --- dst     many lost and duplicated; late ones come before the next probe
#            \==== r3 --- far     late ones come after the next probe, or after the last wait
set -eu
OUT=$1
SEED=${2:-1}
HERE=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
TAG=wl$$
NODES="src r1 r2 dst r3 far"
PIDS=""
ns() { name=$1; shift; ip netns exec "$TAG$name" "$@"; }
clean() {
  for pid in $PIDS; do kill "$pid" 2>/dev/null || true; done
  for pid in $PIDS; do wait "$pid" 2>/dev/null || true; done
  for node in $NODES; do ip netns del "$TAG$node" 2>/dev/null || true; done
}
trap clean EXIT
trap 'exit 1' INT TERM HUP

for node in $NODES; do
  ip netns add "$TAG$node"
  ns $node ip link set lo up
  ns $node sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 \
    net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
done

# addresses A B NUMBER: an IPv4 /24 and an IPv6 /64 between two nodes, A has address 1 and B has 2.
addresses() {
  ns $1 ip addr add "10.78.$3.1/24" dev "to-$2"; ns $1 ip -6 addr add "fd78:$3::1/64" dev "to-$2" nodad
  ns $2 ip addr add "10.78.$3.2/24" dev "to-$1"; ns $2 ip -6 addr add "fd78:$3::2/64" dev "to-$1" nodad
  ns $1 ip link set "to-$2" up; ns $2 ip link set "to-$1" up
}
link() {
  ip link add "l$3$TAG" netns "$TAG$1" type veth peer name "l$3$TAG" netns "$TAG$2"
  ns $1 ip link set "l$3$TAG" name "to-$2"; ns $2 ip link set "l$3$TAG" name "to-$1"
  addresses $1 $2 $3
}
# bad_link A B NUMBER OPTION...: the same by a relay.
bad_link() {
  a=$1; b=$2; number=$3; shift 3
  python3 "$HERE/relay.py" --seed "$SEED" "$@" "$TAG$a" "to-$b" "$TAG$b" "to-$a" &
  PIDS="$PIDS $!"
  tries=0
  until ns $b ip link show "to-$a" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ $tries -ge 100 ] || ! kill -0 $! 2>/dev/null; then echo "the relay did not start" >&2; exit 1; fi
    sleep 0.1
  done
  addresses $a $b $number
}
link src r1 1
bad_link r1 r2 2 --delay 40 --loss 0.12 --duplicate 0.12 --late 0.1 --late-delay 300
link r2 dst 3
bad_link r1 r3 4 --delay 20 --loss 0.05 --duplicate 0.08 --late 0.2 --late-delay 1150
link r3 far 5
route() { ns $1 ip route add $2 via $3; ns $1 ip -6 route add $4 via $5; }
route src default 10.78.1.2 default fd78:1::2
route r1 10.78.3.0/24 10.78.2.2 fd78:3::/64 fd78:2::2
route r1 10.78.5.0/24 10.78.4.2 fd78:5::/64 fd78:4::2
route r2 default 10.78.2.1 default fd78:2::1
route r3 default 10.78.4.1 default fd78:4::1
route dst default 10.78.3.1 default fd78:3::1
route far default 10.78.5.1 default fd78:5::1
# scamper probes an address once at a time: an address for each method.
for host in 11 12 13 14 15 16 17 18 19; do
  ns dst ip addr add "10.78.3.$host/24" dev to-r2; ns dst ip -6 addr add "fd78:3::$host/64" dev to-r2 nodad
  ns far ip addr add "10.78.5.$host/24" dev to-r3; ns far ip -6 addr add "fd78:5::$host/64" dev to-r3 nodad
done

# Without this the kernel looks for the neighbour first, and IPv6 traceroutes with TCP end without a probe.
ns src timeout 10 scamper -O warts -o /dev/null -c "ping -c 2 -i 0.5" -i 10.78.1.2 fd78:1::2

FIRST=$PIDS
# run NAME COMMAND...: one file with the results of several commands, which run at a time.
run() {
  file=$1; shift
  ip netns exec "${TAG}src" timeout 90 scamper -O warts -o "$OUT/$file.warts" -l lossy -L 8 -C 4 -M monitor -p 500 -I "$@" \
    >/dev/null 2>&1 &
  PIDS="$PIDS $!"
}
# both NAME PREFIX: pings and traceroutes to the hosts of a prefix.
both() {
  run "$1-ping" "ping -P icmp-echo -c 12 -i 1 ${2}11" "ping -P udp -c 12 -i 1 ${2}12" "ping -P tcp-ack -c 12 -i 1 ${2}13"
  run "$1-trace" "trace -P icmp-paris -q 3 -w 1 -Q ${2}14" "trace -P udp-paris -q 3 -w 1 -Q ${2}15" \
    "trace -P tcp -q 3 -w 1 -Q ${2}16" "trace -P icmp-paris -q 2 -w 1 ${2}17" "trace -P udp-paris -q 2 -w 1 ${2}18" \
    "trace -P tcp -q 2 -w 1 ${2}19"
}
both 201-lossy-4 10.78.3.
both 202-lossy-6 fd78:3::
both 203-late-4 10.78.5.
both 204-late-6 fd78:5::
for pid in ${PIDS#"$FIRST"}; do wait "$pid" || echo "a scamper ended with $?" >&2; done
echo "$(ls "$OUT" | wc -l) files in $OUT"
