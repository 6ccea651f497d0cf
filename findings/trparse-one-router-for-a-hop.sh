#!/usr/bin/env bash
# trparse 0.3.0 (PyPI, the newest) with traceroute 2.1.2 (Debian bookworm, 1:2.1.2-1): all times of a hop go to its first router, and losses vanish.
#
# Where packets of a hop take several ways (RFC 2991), traceroute names each router in front of its times, all in one line, and prints * for a
# packet without an answer (traceroute(8)). trparse reads a name once in a line and gives it to all times that follow, so that a router
# behind a balancer is never seen and its times belong to another. Of a hop with one answer and two * it has one probe, which was
# answered. jc 1.26.1 tells the routers apart, and leaves the * out as well. A tun interface is the
# network here: the second hop has two routers, the second of which is 500 ms away; the third answers the first packet alone.
#
# Seen (traceroute, then trparse; times in hundreds of milliseconds):
#   2 10.0.0.2 (10.0.0.2) 0 10.0.0.22 (10.0.0.22) 5 10.0.0.2 (10.0.0.2) 0
#   3 10.0.0.3 (10.0.0.3) 0 * *
#   trparse: 2: 10.0.0.2 0, 10.0.0.2 5, 10.0.0.2 0
#   trparse: 3: 10.0.0.3 0
# Needs: root, python3 with venv, unshare, /dev/net/tun, Debian 12 (apt). Packets stay in a network namespace.
set -euo pipefail

VERSION=1:2.1.2-1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "traceroute=$VERSION" > /dev/null 2>&1 || { echo "no traceroute $VERSION here"; exit 77; }
dpkg -x traceroute_*.deb .
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile trparse==0.3.0 || { echo "no trparse 0.3.0 here"; exit 77; }
cat > routers.py << 'PYTHON'
import fcntl, os, struct, subprocess, threading
far = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(far, 0x400454CA, struct.pack('16sH', b'far0', 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run('ip link set lo up; ip addr add 192.0.2.1/24 dev far0; ip link set far0 up; ip route add default dev far0', shell=True, check=True)
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

asked = [0] * 256
while True:
    packet = os.read(far, 2048)
    if packet[0] != 0x45 or packet[9] != 17: continue
    ttl = packet[8]
    asked[ttl] += 1
    if ttl == 2 and asked[ttl] == 2:
        threading.Timer(0.5, os.write, (far, error(bytes([10, 0, 0, 22]), (11, 0), packet))).start()
    elif ttl == 3 and asked[ttl] > 1: pass
    elif ttl < 4: os.write(far, error(bytes([10, 0, 0, ttl]), (11, 0), packet))
    else: os.write(far, error(packet[16:20], (3, 3), packet))
PYTHON
unshare -n bash -c '
  python3 routers.py > state & routers=$!
  trap "kill $routers" EXIT
  until grep -q up state; do sleep 0.1; done
  usr/bin/traceroute.db -N 1 -w 2,0,0 198.51.100.7' > out
cat > read.py << 'PYTHON'
import trparse
for hop in trparse.loads(open('out').read()).hops:
    if hop.idx in (2, 3):
        print(f'trparse: {hop.idx}: ' + ', '.join(f'{probe.ip} {int(probe.rtt) // 100}' for probe in hop.probes))
PYTHON
{
  grep -E '^ [23] ' out | sed -E 's/ ([0-9]+)[.][0-9]+ ms/ \1/g' | awk '{ for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+$/) $i = int($i / 100); print }'
  venv/bin/python read.py
} | tee seen
[ "$(cat seen)" = "2 10.0.0.2 (10.0.0.2) 0 10.0.0.22 (10.0.0.22) 5 10.0.0.2 (10.0.0.2) 0
3 10.0.0.3 (10.0.0.3) 0 * *
trparse: 2: 10.0.0.2 0, 10.0.0.2 5, 10.0.0.2 0
trparse: 3: 10.0.0.3 0" ]
