#!/usr/bin/env bash
# icmp-timecheck 1.1.5 (PyPI, the newest): a host that says that it has no time of the day is 24 days off, and the mean of all hosts with it.
#
# RFC 792, on timestamp replies: a time that is not in milliseconds since midnight UT may be anything, and then has the highest bit set "to indicate
# this non-standard value". Milliseconds of a day take 27 bits. The program takes the bit for part of the time: an offset of 2^31 ms, "HIGH",
# "SIGNIFICANT clock skew detected", a time of the day that the host never said, and a mean and a deviation of all hosts that are made of this one.
# Nothing can be known of its clock, as it has said itself. A tun interface is the hosts here: .7 and .8 have this
# machine's time, .9 sets the bit in its answers. Offsets are shown in whole days.
#
# Seen (offset, status; then the summary):
#   192.0.2.7: 0 days, OK
#   192.0.2.8: 0 days, OK
#   192.0.2.9: 24 days, HIGH
#   mean 8 days, spread 24 days: SIGNIFICANT clock skew detected
# Needs: root, python3 with venv, unshare, /dev/net/tun. Packets stay in a network namespace.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile icmp-timecheck==1.1.5 scapy==2.6.1 || { echo "no icmp-timecheck 1.1.5 here"; exit 77; }
cat > hosts.py << 'PYTHON'
import fcntl, os, struct, subprocess, time
far = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(far, 0x400454CA, struct.pack('16sH', b'far0', 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run('ip link set lo up; ip addr add 192.0.2.1/24 dev far0; ip link set far0 up; ip route add default dev far0', shell=True, check=True)
print('up', flush=True)

def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16: total = (total & 0xFFFF) + (total >> 16)
    return struct.pack('>H', ~total & 0xFFFF)

while True:
    packet = os.read(far, 2048)
    if packet[0] != 0x45 or packet[9] != 1 or packet[20] != 13: continue
    now = int(time.time() * 1000) % 86_400_000
    if packet[19] == 9: now |= 0x80000000
    body = bytes([14, 0, 0, 0]) + packet[24:32] + struct.pack('>II', now, now)
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0) + packet[16:20] + packet[12:16]
    os.write(far, head[:10] + checksum(head) + head[12:] + body[:2] + checksum(body) + body[4:])
PYTHON
printf '192.0.2.7\n192.0.2.8\n192.0.2.9\n' > asked
export HOME=$folder
unshare -n bash -c '
  python3 hosts.py > state & hosts=$!
  trap "kill $hosts" EXIT
  until grep -q up state; do sleep 0.1; done
  venv/bin/timecheck asked --timeout 30 --csv out.csv > out'
{
  awk -F, 'NR > 1 { printf "%s: %d days, %s\n", $1, $5 / 86400000, $8 }' out.csv
  awk -F, 'NR > 1 { sum += $5; if ($5 > most) most = $5 } END { printf "mean %d days, spread %d days: ", sum / 3 / 86400000, most / 86400000 }' out.csv
  grep -o 'SIGNIFICANT clock skew detected' out
} | tee seen
[ "$(cat seen)" = "192.0.2.7: 0 days, OK
192.0.2.8: 0 days, OK
192.0.2.9: 24 days, HIGH
mean 8 days, spread 24 days: SIGNIFICANT clock skew detected" ]
