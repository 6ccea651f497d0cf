#!/usr/bin/env bash
# oping of liboping 1.10.0 (Debian bookworm, 1.10.0-5+b1): the summary has whole milliseconds, and its `time` is the sum of the round-trip times.
#
# The line of each packet has hundredths of a millisecond; min, median, percentile and max of the summary have none, so that all four of a
# host in the same building are 0. `time`, in the place where ping of iputils has the time that the run took, adds up the round-trip
# times of the answers: a run of 900 ms with a host 0.2 ms away says 0.8 ms. A script that reads either line in the way of ping gets
# times of 0, and a run a thousand times too short. A tun interface is the host here: it answers after 0, 0, 50 and 0 ms.
#
# Seen:
#   lines: decimals in all; summary: min = 0, median = 0
#   time: below 0.5 s, of a run of 3 s
# Needs: root, python3, unshare, /dev/net/tun, Debian 12 (apt). Packets stay in a network namespace.
set -euo pipefail

VERSION=1.10.0-5+b1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "oping=$VERSION" "liboping0=$VERSION" > /dev/null 2>&1 || { echo "no oping $VERSION here"; exit 77; }
for package in *.deb; do dpkg -x "$package" .; done
cat > host.py << 'PYTHON'
import fcntl, os, struct, subprocess, time
far = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(far, 0x400454CA, struct.pack('16sH', b'far0', 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run('ip link set lo up; ip addr add 192.0.2.1/24 dev far0; ip link set far0 up', shell=True, check=True)
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
    if asked == 3: time.sleep(0.05)
    os.write(far, packet)
PYTHON
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu:$folder/usr/lib/x86_64-linux-gnu/blas"
unshare -n bash -c '
  python3 host.py > state & host=$!
  trap "kill $host" EXIT
  until grep -q up state; do sleep 0.1; done
  usr/bin/oping -c 4 192.0.2.7' > out
tail -n 2 out
{
  echo "lines: $(grep -c 'time=[0-9]*[.][0-9][0-9] ms' out | sed 's/^4$/decimals in all/'); summary: $(grep -o 'min = [0-9.]*, median = [0-9.]*' out)"
  awk -F 'time ' '/packet loss/ { print "time: " ($2 + 0 < 500 ? "below 0.5 s" : $2) ", of a run of 3 s" }' out
} | tee seen
[ "$(cat seen)" = "lines: decimals in all; summary: min = 0, median = 0
time: below 0.5 s, of a run of 3 s" ]
