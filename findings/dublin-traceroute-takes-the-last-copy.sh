#!/usr/bin/env bash
# dublin-traceroute 0.4.2 (Debian bookworm, 0.4.2-2+b3): of an answer that comes twice the later copy is taken for the time of the hop.
#
# Where packets are doubled, the first copy of an answer is the answer, and the next ones are duplicates (RFC 5560). All that comes in while the
# program waits is gone through at the end, and each packet that belongs to a hop takes the place of the one before, in what is printed
# and as rtt_usec in the JSON. A router 100 ms away, whose answer comes again 1 s later, is 1100 ms away, and no mark tells that there were two. Paths
# are compared by these times. traceroute 2.1.2 and mtr take the first copy. A tun interface is the network here.
#
# Seen (times of the three hops in hundreds of milliseconds; the answers of the second come twice, 1 s apart):
#   printed: 1 11 1
#   rtt_usec: 1 11 1
# Needs: root, python3, unshare, /dev/net/tun, ip (iproute2), Debian 12 on amd64 (apt; libpcap0.8 and libjsoncpp25). Packets stay in a network namespace.
set -euo pipefail

VERSION=0.4.2-2+b3

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "dublin-traceroute=$VERSION" "libdublintraceroute0=$VERSION" libtins4.0 libjsoncpp25 > /dev/null 2>&1 \
  || { echo "no dublin-traceroute $VERSION here"; exit 77; }
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu:$folder/usr/lib"
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
    body = bytes([*code, 0, 0, 0, 0, 0, 0]) + packet
    if len(body) % 2: body += b'\0'
    body = body[:2] + checksum(body) + body[4:]
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0) + router + packet[12:16]
    return head[:10] + checksum(head) + head[12:] + body

while True:
    packet = os.read(far, 2048)
    if packet[0] != 0x45 or packet[9] != 17: continue
    ttl = packet[8]
    answer = error(bytes([10, 0, 0, ttl]), (11, 0), packet) if ttl < 3 else error(packet[16:20], (3, 3), packet)
    for seconds in (0.1, 1.1) if ttl == 2 else (0.1,): threading.Timer(seconds, os.write, (far, answer)).start()
PYTHON
unshare -n bash -c '
  python3 routers.py > state & routers=$!
  trap "kill $routers" EXIT
  until grep -q up state; do sleep 0.1; done
  usr/bin/dublin-traceroute --npaths=1 --max-ttl=3 --delay=50 198.51.100.7' > out 2> warnings
cat > read.py << 'PYTHON'
import json, re
hundreds = lambda times: ' '.join(str(int(time / 100 + 0.3)) for time in times)
print('printed: ' + hundreds(float(time) for time in re.findall(r'RTT ([0-9.]+) ms', open('out').read())))
[hops] = json.load(open('trace.json'))['flows'].values()
print('rtt_usec: ' + hundreds(hop['rtt_usec'] / 1000 for hop in hops))
PYTHON
seen=$(python3 read.py)
echo "$seen"
[ "$seen" = "printed: 1 11 1
rtt_usec: 1 11 1" ]
