#!/usr/bin/env bash
# scamper 20211212 (Debian 12): the statistics of a ping count an ICMP error as an answer, and the time of each duplicate.
#
# A router that says "host unreachable" says that the host did not get the packet (RFC 792); the packet is lost (RFC 2680), and has no
# round-trip time (RFC 2681, section 2.4). sc_warts2json and sc_warts2text of this version count it as a reply and take its time into min, avg and
# max: a host that is down, behind a router 300 ms away, has lost nothing and answers in 300 ms. (Since version 20230605 an answer is one of the
# kind that was asked for.) A second copy of an answer counts in the figures as well, though not in `replies`: of one of 0.1 ms
# and its copy 600 ms later the average is 300 ms. The replies themselves are in the record, with their type and address, and right.
# ping of iputils says 100 % and 50 % of the same hosts, fping too, and fping leaves the copies out of its times. A tun interface is the network here.
#
# Seen (four packets; times in hundreds of milliseconds):
#   down: replies 4, loss 0, avg 3; icmp_type 3 of 192.0.2.254
#   each second answered, twice: replies 2, loss 0.50, avg 3, max 6
# Needs: Debian 12 (apt, the libraries of scamper), root, python3, unshare, /dev/net/tun, ip (iproute2), node.
set -euo pipefail

VERSION=20211212-1.1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "scamper=$VERSION" > /dev/null 2>&1 || { echo "no scamper $VERSION here"; exit 77; }
dpkg -x scamper_*.deb .
chmod 777 "$folder"
chmod u-s usr/bin/scamper
cat > network.py << 'PYTHON'
import fcntl, os, struct, subprocess, sys, threading
far = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(far, 0x400454CA, struct.pack('16sH', b'far0', 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run('ip link set lo up; ip addr add 192.0.2.1/24 dev far0; ip link set far0 up; ip route add default dev far0', shell=True, check=True)
print('up', flush=True)

def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16: total = (total & 0xFFFF) + (total >> 16)
    return struct.pack('>H', ~total & 0xFFFF)

def message(source, to, body):
    body = body[:2] + checksum(body) + body[4:]
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0) + source + to
    return head[:10] + checksum(head) + head[12:] + body

asked = 0
while True:
    packet = os.read(far, 2048)
    if packet[0] != 0x45 or packet[9] != 1 or packet[20] != 8: continue
    asked += 1
    host, prober = packet[16:20], packet[12:16]
    if sys.argv[1] == 'down':
        unreachable = message(bytes([192, 0, 2, 254]), prober, bytes([3, 1, 0, 0, 0, 0, 0, 0]) + packet[:28])
        threading.Timer(0.3, os.write, (far, unreachable)).start()
    elif asked % 2 == 0:
        answer = message(host, prober, bytes([0, 0, 0, 0]) + packet[24:])
        os.write(far, answer)
        threading.Timer(0.6, os.write, (far, answer)).start()
PYTHON
figures() { # figures CASE: the statistics as sc_warts2json tells them
  unshare -n bash -c '
    python3 network.py "$1" > state & network=$!
    trap "kill $network" EXIT
    until grep -q up state; do sleep 0.1; done
    usr/bin/scamper -O warts -o ping.warts -I "ping -c 4 198.51.100.7"' _ "$1"
  usr/bin/sc_warts2json ping.warts | grep '"type":"ping"' | node -e '
    const { responses, statistics: { replies, loss, avg, max } } = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const hundreds = (ms) => Math.floor(ms / 100);
    const [{ icmp_type, from }] = responses;
    console.log(icmp_type === 0
      ? `replies ${replies}, loss ${loss.toFixed(2)}, avg ${hundreds(avg)}, max ${hundreds(max)}`
      : `replies ${replies}, loss ${loss}, avg ${hundreds(avg)}; icmp_type ${icmp_type} of ${from}`);'
  rm ping.warts
}
{
  echo "down: $(figures down)"
  echo "each second answered, twice: $(figures twice)"
} | tee seen
[ "$(cat seen)" = "down: replies 4, loss 0, avg 3; icmp_type 3 of 192.0.2.254
each second answered, twice: replies 2, loss 0.50, avg 3, max 6" ]
