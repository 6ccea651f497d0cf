#!/bin/sh
# Makes warts files by running scamper (apt: scamper 20211212) in network namespaces, in every mode it has:
#   sh make-corpus.sh FOLDER [STEP]      with STEP: every STEPth command only
# Needs root, iproute2 and scamper; all traffic stays inside of the namespaces, which are removed at the end.
#
#   src --- r1 --- r2a --- r3 --- dst      two equal paths from r1 to r3; r4 is silent; behind r5 the MTU is 1280
#             \--- r2b ---/ | \--- r5 --- far
#                           \--- r4 --- dark
set -eu
OUT=$1
STEP=${2:-1}
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
TAG=wc$$
NODES="src r1 r2a r2b r3 dst r4 dark r5 far"
ns() { name=$1; shift; ip netns exec "$TAG$name" "$@"; }
clean() { for node in $NODES; do ip netns del "$TAG$node" 2>/dev/null || true; done; }
trap clean EXIT INT TERM

for node in $NODES; do
  ip netns add "$TAG$node"
  ns $node ip link set lo up
  ns $node sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 \
    net.ipv4.fib_multipath_hash_policy=1 net.ipv6.fib_multipath_hash_policy=1 net.ipv4.icmp_ratelimit=0 \
    net.ipv6.icmp.ratelimit=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
done

# link A B NUMBER: an IPv4 /24 and an IPv6 /64 between two nodes, A has address 1 and B has 2.
link() {
  ip link add "l$3$TAG" netns "$TAG$1" type veth peer name "l$3$TAG" netns "$TAG$2"
  ns $1 ip link set "l$3$TAG" name "to-$2"; ns $2 ip link set "l$3$TAG" name "to-$1"
  ns $1 ip addr add "10.77.$3.1/24" dev "to-$2"; ns $1 ip -6 addr add "fd77:$3::1/64" dev "to-$2" nodad
  ns $2 ip addr add "10.77.$3.2/24" dev "to-$1"; ns $2 ip -6 addr add "fd77:$3::2/64" dev "to-$1" nodad
  ns $1 ip link set "to-$2" up; ns $2 ip link set "to-$1" up
}
link src r1 1; link r1 r2a 2; link r1 r2b 3; link r2a r3 4; link r2b r3 5; link r3 dst 6; link r3 r4 7; link r4 dark 8; link r3 r5 9; link r5 far 10
route() { ns $1 ip route add default $2; ns $1 ip -6 route add default $3; }
route src "via 10.77.1.2" "via fd77:1::2"
ns r1 ip route add default nexthop via 10.77.2.2 nexthop via 10.77.3.2
ns r1 ip -6 route add default nexthop via fd77:2::2 nexthop via fd77:3::2
back() { ns $1 ip route add 10.77.1.0/24 via $2; ns $1 ip -6 route add fd77:1::/64 via $3; }
route r2a "via 10.77.4.2" "via fd77:4::2"; back r2a 10.77.2.1 fd77:2::1
route r2b "via 10.77.5.2" "via fd77:5::2"; back r2b 10.77.3.1 fd77:3::1
back r3 10.77.4.1 fd77:4::1
ns r3 ip route add 10.77.8.0/24 via 10.77.7.2; ns r3 ip -6 route add fd77:8::/64 via fd77:7::2
ns r3 ip route add 10.77.10.0/24 via 10.77.9.2; ns r3 ip -6 route add fd77:10::/64 via fd77:9::2
ns r3 ip route add unreachable 10.77.99.0/24; ns r3 ip route add blackhole 10.77.98.0/24
ns r3 ip route add default via 10.77.4.1
route dst "via 10.77.6.1" "via fd77:6::1"
route r4 "via 10.77.7.1" "via fd77:7::1"; route dark "via 10.77.8.1" "via fd77:8::1"
route r5 "via 10.77.9.1" "via fd77:9::1"; route far "via 10.77.10.1" "via fd77:10::1"
# A silent router: it may not say that a packet's time was exceeded.
ns r4 sysctl -qw net.ipv4.icmp_ratemask=6168 net.ipv4.icmp_ratelimit=1000000 net.ipv6.icmp.ratelimit=2147483647 || true
ns r5 ip link set to-far mtu 1280; ns far ip link set to-r5 mtu 1280
for node in src dst far dark r1 r3; do ns $node ping -q -c 1 -W 1 10.77.6.2 >/dev/null 2>&1 || true; done

N=0
# run COMMAND: one file with its result; several run at a time.
run() {
  N=$((N + 1))
  if [ $((N % STEP)) -ne 0 ]; then return; fi
  file=$(printf '%s/%03d-%s.warts' "$OUT" $N "$(printf '%s' "$1" | tr -cs 'a-zA-Z0-9' '-' | cut -c1-40 | sed 's/-$//')")
  ns src timeout 60 scamper -O warts -o "$file" -l corpus -L 7 -C 9 -M monitor -p 500 -I "$1" >/dev/null 2>&1 &
  if [ $((N / STEP % 36)) -eq 0 ]; then wait; fi
}
V4="10.77.6.2"; V6="fd77:6::2"
for dst in $V4 $V6; do
  for method in icmp-echo icmp-time tcp-ack tcp-ack-sport tcp-syn tcp-synack tcp-rst udp udp-dport; do
    run "ping -P $method -d 33500 -c 3 -i 0.2 $dst"
  done
  run "ping -c 4 -i 0.2 -s 200 -m 9 $dst"; run "ping -c 2 -i 0.2 -B 00ff10 $dst"; run "ping -c 2 -i 0.2 -p a5 $dst"
  run "ping -c 5 -o 2 -i 0.2 -O dl $dst"; run "ping -c 2 -i 0.2 -C 1234 $dst"; run "ping -c 2 -O tbt -s 1400 -M 1280 -i 0.2 $dst"
  for method in icmp icmp-paris udp udp-paris tcp tcp-ack; do
    run "trace -P $method -w 1 -q 2 $dst"; run "trace -P $method -Q -q 3 -w 1 $dst"
  done
  run "trace -f 2 -m 3 -w 1 $dst"; run "trace -O dl -t 8 -w 1 -U 77 $dst"
  for method in udp-dport icmp-echo udp-sport tcp-sport tcp-ack-sport; do run "tracelb -P $method -w 1 -W 15 -q 2 -g 2 $dst"; done
  run "dealias -m mercator -w 1 $dst"
done
run "ping -R -c 3 -i 0.2 $V4"; run "ping -T tsonly -c 3 -i 0.2 $V4"; run "ping -T tsandaddr -c 3 -i 0.2 $V4"
run "ping -T tsprespec=10.77.4.2,10.77.6.2 -c 2 -i 0.2 $V4"; run "ping -c 2 -i 0.2 10.77.99.1"; run "ping -c 2 -i 0.2 10.77.98.1"
for dst in 10.77.8.2 fd77:8::2; do run "trace -P icmp-paris -q 1 -w 1 -g 2 -G 2 $dst"; run "trace -P udp-paris -q 1 -w 1 $dst"; run "tracelb -w 1 -q 1 -g 2 -W 15 $dst"; done
for dst in 10.77.10.2 fd77:10::2; do run "trace -M -P udp-paris -w 1 $dst"; run "trace -M -P icmp-paris -s 1400 -w 1 $dst"; run "ping -c 2 -i 0.2 -s 1400 $dst"; done
run "trace -P udp-paris -w 1 -q 1 10.77.99.1"; run "trace -P udp-paris -w 1 -q 1 -g 3 10.77.98.1"; run "trace -L 1 -w 1 -q 1 -m 4 10.77.98.1"
run "dealias -m ally -w 1 -q 2 10.77.6.1 10.77.4.2"; run "dealias -m ally -O nobs -w 1 -q 2 10.77.6.1 10.77.1.2"
run "dealias -m radargun -q 3 -W 100 -w 1 -p '-P icmp-echo' 10.77.6.1 10.77.4.2 10.77.1.2"; run "dealias -m radargun -q 2 -W 100 -w 1 -p '-P udp -i 10.77.6.1' -p '-P tcp-ack -i 10.77.4.2'"
run "dealias -m bump -w 1 -p '-P icmp-echo -i 10.77.6.1' -p '-P icmp-echo -i 10.77.4.2'"
for test in pmtud ecn null sack-rcvr icw blind-data blind-rst blind-syn blind-fin; do run "tbit -t $test -u http://host.example/ $V4"; done
wait
echo "$(ls "$OUT" | wc -l) files in $OUT"
