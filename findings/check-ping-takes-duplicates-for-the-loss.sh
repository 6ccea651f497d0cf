#!/usr/bin/env bash
# check_ping of monitoring-plugins 2.3.3 (Debian bookworm, 2.3.3-5+deb12u2) with ping of iputils: the number of duplicates becomes the loss.
#
# iputils prints a loss with its decimals: "3 packets transmitted, 2 received, +1 duplicates, 33.3333% packet loss". Where there are
# duplicates check_ping wants a whole number in that place, and falls back to a pattern that takes the number behind the "+": one
# duplicate is a loss of 1 %, seven beside 46.6667 % were 7 %. It is below thresholds of 20 %, and `pl` in the performance data from which
# graphs are drawn. `-p` is not how many packets are sent either, but how many are answered: ping gets a deadline, with which -c counts
# answers (ping(8)).
# A tun interface is the host here: it answers the first packet and the third, each twice.
#
# Seen:
#   ping: 3 packets transmitted, 2 received, +1 duplicates, 33.3333% packet loss
#   check_ping: Packet loss = 1%, pl=1%
# Needs: root, python3, unshare, /dev/net/tun, Debian 12 (apt). Packets stay in a network namespace.
set -euo pipefail

PLUGINS=2.3.3-5+deb12u2
IPUTILS=3:20221126-1+deb12u1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "monitoring-plugins-basic=$PLUGINS" "iputils-ping=$IPUTILS" > /dev/null 2>&1 ||
  { echo "no monitoring-plugins-basic $PLUGINS or iputils-ping $IPUTILS here"; exit 77; }
for package in *.deb; do dpkg -x "$package" .; done
cat > host.py << 'PYTHON'
import fcntl, os, struct, subprocess
far = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(far, 0x400454CA, struct.pack('16sH', b'far0', 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run('ip link set lo up; ip addr add 192.0.2.1/24 dev far0; ip link set far0 up', shell=True, check=True)
print('up', flush=True)
asked = 0
while True:
    packet = bytearray(os.read(far, 2048))
    if packet[0] != 0x45 or packet[9] != 1 or packet[20] != 8: continue
    asked += 1
    if asked % 2 == 0: continue
    packet[12:16], packet[16:20] = packet[16:20], packet[12:16]
    packet[20] = 0  # a reply; its checksum is that of the request and 0x0800
    check = int.from_bytes(packet[22:24], 'big') + 0x0800
    packet[22:24] = ((check & 0xFFFF) + (check >> 16)).to_bytes(2, 'big')
    for _ in range(2): os.write(far, packet)
PYTHON
unshare -n -m bash -c '
  python3 host.py > state & host=$!
  trap "kill $host" EXIT
  until grep -q up state; do sleep 0.1; done
  # check_ping calls ping at the place where it was built: the pinned one lies there for this shell alone
  mount --bind bin/ping "$(readlink -f /bin/ping)"
  usr/lib/nagios/plugins/check_ping -vvv -H 192.0.2.7 -p 2 -w 1000,20% -c 2000,90%' > out || true
{
  sed -n 's/^Output: \(.*packet loss\).*/ping: \1/p' out
  sed -n 's/.*\(Packet loss = [0-9]*%\).* \(pl=[0-9]*%\).*/check_ping: \1, \2/p' out
} | tee seen
[ "$(cat seen)" = "ping: 3 packets transmitted, 2 received, +1 duplicates, 33.3333% packet loss
check_ping: Packet loss = 1%, pl=1%" ]
