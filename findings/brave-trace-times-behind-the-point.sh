#!/usr/bin/env bash
# brave-trace 0.1.0 (PyPI, the newest) with traceroute 2.1.2 (Debian bookworm, 1:2.1.2-1): a round-trip time is the digits behind its decimal point.
#
# traceroute prints times with a thousandth of a millisecond. brave-trace, "cross-platform (Windows & Unix-like)", runs it and looks for whole
# numbers in front of "ms", as tracert of Windows has them: of 20.431 ms it takes 431 ms, of 151.008 ms 8 ms, and the average of a hop is made of
# these. Without an error the far hops come out nearer than the near ones, at random. Hops that do not answer are left out, so that
# the third stands behind the first. A tun interface is the network here: its routers are 20 and 150 ms away.
#
# Seen (times of traceroute; those of brave-trace that are their digits behind the point; brave-trace on a fixed text of the same form):
#   traceroute: 6 times from 20 ms on, 3 of them from 150 ms on; brave-trace: 6 of 6 are the digits behind the point
#   1  10.0.0.1  20.431 ms  20.398 ms  20.012 ms: 431.0 398.0 12.0, average 280.33
#   3  10.0.0.3  151.008 ms  150.990 ms  150.004 ms: 8.0 990.0 4.0, average 334.0
# Needs: root, python3 >= 3.10 with venv, unshare, /dev/net/tun, Debian 12 (apt). Packets stay in a network namespace.
set -euo pipefail

VERSION=1:2.1.2-1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "traceroute=$VERSION" > /dev/null 2>&1 || { echo "no traceroute $VERSION here"; exit 77; }
dpkg -x traceroute_*.deb .
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile --no-deps brave-trace==0.1.0 || { echo "no brave-trace 0.1.0 here"; exit 77; }
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

while True:
    packet = os.read(far, 2048)
    if packet[0] != 0x45 or packet[9] != 17: continue
    if packet[8] == 1: answer, seconds = error(bytes([10, 0, 0, 1]), (11, 0), packet), 0.02
    elif packet[8] == 3: answer, seconds = error(packet[16:20], (3, 3), packet), 0.15
    else: continue
    threading.Timer(seconds, os.write, (far, answer)).start()
PYTHON
unshare -n bash -c '
  python3 routers.py > state & routers=$!
  trap "kill $routers" EXIT
  until grep -q up state; do sleep 0.1; done
  usr/bin/traceroute.db -n -m 3 -N 1 -w 2,0,0 198.51.100.7' > out
cat > read.py << 'PYTHON'
import re
from brave_trace.core.parser import parse

def times(hops):
    return [time for hop in hops for time in (hop.rtt1, hop.rtt2, hop.rtt3)]

text = open('out').read()
printed = re.findall(r'(\d+)\.(\d+) ms', text)
near, far = (sum(int(whole) >= least for whole, _ in printed) for least in (20, 150))
alike = sum(time == int(fraction) for time, (_, fraction) in zip(times(parse(text)), printed, strict=True))
print(f'traceroute: {near} times from 20 ms on, {far} of them from 150 ms on; brave-trace: {alike} of {len(printed)} are the digits behind the point')
for line in ('1  10.0.0.1  20.431 ms  20.398 ms  20.012 ms', '3  10.0.0.3  151.008 ms  150.990 ms  150.004 ms'):
    hop, = parse(' ' + line)
    print(f'{line}: {hop.rtt1} {hop.rtt2} {hop.rtt3}, average {hop.avg_rtt}')
PYTHON
seen=$(venv/bin/python read.py)
echo "$seen"
[ "$seen" = "traceroute: 6 times from 20 ms on, 3 of them from 150 ms on; brave-trace: 6 of 6 are the digits behind the point
1  10.0.0.1  20.431 ms  20.398 ms  20.012 ms: 431.0 398.0 12.0, average 280.33
3  10.0.0.3  151.008 ms  150.990 ms  150.004 ms: 8.0 990.0 4.0, average 334.0" ]
