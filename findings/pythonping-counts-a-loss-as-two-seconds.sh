#!/usr/bin/env bash
# pythonping 1.1.4 (PyPI, the newest): a lost packet counts as a round-trip time as long as the timeout, and a second answer as that to the next packet.
#
# Without an answer the round-trip time is undefined (RFC 2681, section 2.4); rtt_avg and rtt_max have the timeout in its place, 2 s unless said
# otherwise, so that they grow with the loss and with a setting. An echo reply names its request by identifier and sequence number
# (RFC 792); only the identifier is compared, which all packets of a run share. Of a host 300 ms away that answers each packet twice, the
# copy 0.1 s behind, the second packet has the copy of the first for its answer, after 100 ms, and the third that of the second, after 200.
# A tun interface is the host here.
#
# Seen (a host 300 ms away, times in hundreds of milliseconds):
#   the second of three packets lost: 3 20 3, average 8, greatest 20; loss 0.33
#   each answered twice: 3 1 2
# Needs: root, python3 with venv, unshare, /dev/net/tun, ip (iproute2). Packets stay in a network namespace.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile pythonping==1.1.4 || { echo "no pythonping 1.1.4 here"; exit 77; }
cat > host.py << 'PYTHON'
import fcntl, os, struct, subprocess, sys, threading
far = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(far, 0x400454CA, struct.pack('16sH', b'far0', 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run('ip addr add 192.0.2.1/24 dev far0; ip link set far0 up', shell=True, check=True)
print('up', flush=True)
asked = 0
while True:
    packet = bytearray(os.read(far, 2048))
    if packet[0] != 0x45 or packet[9] != 1 or packet[20] != 8: continue
    asked += 1
    packet[12:16], packet[16:20] = packet[16:20], packet[12:16]
    packet[20] = 0  # a reply; its checksum is that of the request and 0x0800
    check = int.from_bytes(packet[22:24], 'big') + 0x0800
    packet[22:24] = ((check & 0xFFFF) + (check >> 16)).to_bytes(2, 'big')
    if sys.argv[1] == 'loss':
        after = () if asked == 2 else (0.3,)
    else:
        after = (0.3, 0.4)
    for seconds in after: threading.Timer(seconds, os.write, (far, bytes(packet))).start()
PYTHON
cat > ping.py << 'PYTHON'
import sys
from pythonping import ping

told = ping('192.0.2.7', count=3)
hundreds = lambda seconds: f'{int(seconds * 10 + 0.3)}'
times = ' '.join(hundreds(one.time_elapsed) for one in told)
if sys.argv[1] == 'loss':
    print(f'the second of three packets lost: {times}, average {int(told.rtt_avg * 10)}, greatest {hundreds(told.rtt_max)}; loss {told.packet_loss:.2f}')
else:
    print(f'each answered twice: {times}')
PYTHON
for case in loss twice; do
  unshare -n bash -c '
    python3 host.py "$1" > state & host=$!
    trap "kill $host" EXIT
    until grep -q up state; do sleep 0.1; done
    venv/bin/python ping.py "$1"' _ "$case"
done | tee seen
[ "$(cat seen)" = "the second of three packets lost: 3 20 3, average 8, greatest 20; loss 0.33
each answered twice: 3 1 2" ]
