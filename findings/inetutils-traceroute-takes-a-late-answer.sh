#!/usr/bin/env bash
# inetutils-traceroute 2.4 (Debian bookworm, 2:2.4-2+deb12u3): the answer to one packet is taken for that to the next packet of the hop.
#
# Each ICMP error quotes the packet that it is about (RFC 792), and by UDP each hop has a port, which all of its packets share. So a
# duplicate, or an answer that is later than the 3 s of -w, counts as the answer to the packet that was sent since, in which time it
# has come: too small a time, and an answer more than there was. Of a router 200 ms away that answers twice, the copy 0.1 s behind,
# it says 200, 100 and 100 ms; of one 3.5 s away that is asked twice * and 500 ms. busybox 1.35.0 and traceroute-nanog give each packet a port of its own.
#
# Seen (times of the second hop, in hundreds of milliseconds):
#   200 ms away, each answer twice: 2 1 1
#   3.5 s away: * 5
# Needs: root, python3, unshare, /dev/net/tun, Debian 12 (apt). Packets stay in a network namespace.
set -euo pipefail

VERSION=2:2.4-2+deb12u3

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "inetutils-traceroute=$VERSION" > /dev/null 2>&1 || { echo "no inetutils-traceroute $VERSION here"; exit 77; }
dpkg -x inetutils-traceroute_*.deb .
cat > routers.py << 'PYTHON'
import fcntl, os, struct, subprocess, sys, threading
after = [float(text) for text in sys.argv[1:]]  # when the second router answers each packet, in seconds
far = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(far, 0x400454CA, struct.pack('16sH', b'far0', 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run('ip addr add 192.0.2.1/24 dev far0; ip link set far0 up; ip route add default dev far0', shell=True, check=True)
print('up', flush=True)

def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16: total = (total & 0xFFFF) + (total >> 16)
    return struct.pack('>H', ~total & 0xFFFF)

def error(router, code, packet):
    body = bytes([*code, 0, 0, 0, 0, 0, 0]) + packet[:28]
    body = body[:2] + checksum(body) + body[4:]
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0) + router + packet[12:16]
    return head[:10] + checksum(head) + head[12:] + body

while True:
    packet = os.read(far, 2048)
    if packet[0] != 0x45 or packet[9] != 17: continue
    ttl = packet[8]
    answer = error(bytes([10, 0, 0, ttl]), (11, 0), packet) if ttl < 3 else error(packet[16:20], (3, 3), packet)
    if ttl != 2: os.write(far, answer)
    else:
        for seconds in after: threading.Timer(seconds, os.write, (far, answer)).start()
PYTHON
second() { # second PACKETS SECONDS...: the times of the second hop, whose router answers each of the packets after so many seconds
  unshare -n bash -c '
    packets=$1; shift
    python3 routers.py "$@" > state & routers=$!
    trap "kill $routers" EXIT
    until grep -q up state; do sleep 0.1; done
    usr/bin/inetutils-traceroute -q "$packets" 198.51.100.7' _ "$@" > out
  awk '$1 == 2 { for (i = 2; i <= NF; i++) if ($i == "*") printf " *"; else if ($i ~ /ms$/) printf " %d", ($i + 30) / 100 }' out
}
{
  echo "200 ms away, each answer twice:$(second 3 0.2 0.3)"
  echo "3.5 s away:$(second 2 3.5)"
} | tee seen
[ "$(cat seen)" = "200 ms away, each answer twice: 2 1 1
3.5 s away: * 5" ]
