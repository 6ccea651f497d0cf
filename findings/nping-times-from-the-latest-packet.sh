#!/usr/bin/env bash
# nping 0.7.93 (Debian bookworm, nmap 7.93+dfsg1-1): the time of an answer is counted from the packet that was sent last.
#
# A round-trip time runs from the request to its own reply (RFC 2681, section 2.4), and an echo reply names its request by identifier and
# sequence number (RFC 792), which nping prints. It takes the time of the newest packet all the same. Of a host 1.4 s away, asked each
# second as by default, it says Max, Min and Avg 0.4 s; Max too is 1 s too low. It ends before the last answer can come, and counts it as
# lost. A tun interface is the host here.
#
# Seen:
#   times of a host 1.4 s away: below 0.8 s, all of them
#   4 sent, 3 received
# Needs: root, python3, unshare, /dev/net/tun, Debian 12 (apt). Packets stay in a network namespace.
set -euo pipefail

VERSION=7.93+dfsg1-1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "nmap=$VERSION" libpcap0.8 liblinear4 libblas3 liblua5.3-0 libssh2-1 > /dev/null 2>&1 ||
  { echo "no nmap $VERSION here"; exit 77; }
for package in *.deb; do dpkg -x "$package" .; done
cat > host.py << 'PYTHON'
import fcntl, os, struct, subprocess, threading
far = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(far, 0x400454CA, struct.pack('16sH', b'far0', 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run('ip link set lo up; ip addr add 192.0.2.1/24 dev far0; ip link set far0 up', shell=True, check=True)
print('up', flush=True)
while True:
    packet = bytearray(os.read(far, 2048))
    if packet[0] != 0x45 or packet[9] != 1 or packet[20] != 8: continue
    packet[12:16], packet[16:20] = packet[16:20], packet[12:16]
    packet[20] = 0  # a reply; its checksum is that of the request and 0x0800
    check = int.from_bytes(packet[22:24], 'big') + 0x0800
    packet[22:24] = ((check & 0xFFFF) + (check >> 16)).to_bytes(2, 'big')
    threading.Timer(1.4, os.write, (far, bytes(packet))).start()
PYTHON
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu:$folder/usr/lib/x86_64-linux-gnu/blas"
unshare -n bash -c '
  python3 host.py > state & host=$!
  trap "kill $host" EXIT
  until grep -q up state; do sleep 0.1; done
  usr/bin/nping --icmp -c 4 192.0.2.7' > out
grep -E 'rtt|Lost' out
{
  echo "times of a host 1.4 s away: $(sed -n 's/^Max rtt: \([0-9.]*\)ms .*/\1/p' out | awk '{ print $1 < 800 ? "below 0.8 s, all of them" : $1 " ms" }')"
  sed -n 's/.*packets sent: \([0-9]*\) .*Rcvd: \([0-9]*\) .*/\1 sent, \2 received/p' out
} | tee seen
[ "$(cat seen)" = "times of a host 1.4 s away: below 0.8 s, all of them
4 sent, 3 received" ]
