#!/usr/bin/env bash
# ping_ and multiping of munin-plugins-core 2.0.73 (Debian bookworm, 2.0.73-1) with ping of iputils: of a loss of 33.3333 % they report 3333.
#
# iputils prints a loss with up to six digits: 33.3333 %, 14.2857 %, 3.33333 %. Both plugins look for digits right in front of "% packet loss", and
# find those behind the decimal point; the pattern for the time in the line above has the point. The number goes to the graph and to the
# thresholds `packetloss_warn` and `packetloss_crit` as a percentage. With two packets, the default, a loss is whole; `ping_args` is
# documented for more. Of a host that loses a packet out of seven the loss is 2857, one out of sixteen (6.25 %) is 25, and one of a hundred is 1.
# A tun interface is the host here: it loses the last packet.
#
# Seen (ping, then the plugin):
#   3 packets: 33.3333% packet loss, packetloss.value 3333
#   7 packets: 14.2857% packet loss, packetloss.value 2857
#   16 packets: 6.25% packet loss, packetloss.value 25
#   5 packets: 20% packet loss, packetloss.value 20
# Needs: root, perl, python3, unshare, /dev/net/tun, Debian 12 (apt). Packets stay in a network namespace.
set -euo pipefail

MUNIN=2.0.73-1
IPUTILS=3:20221126-1+deb12u1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "munin-plugins-core=$MUNIN" "iputils-ping=$IPUTILS" > /dev/null 2>&1 ||
  { echo "no munin-plugins-core $MUNIN or iputils-ping $IPUTILS here"; exit 77; }
for package in *.deb; do dpkg -x "$package" .; done
cat > host.py << 'PYTHON'
import fcntl, os, struct, subprocess
far = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(far, 0x400454CA, struct.pack('16sH', b'far0', 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run('ip link set lo up; ip addr add 192.0.2.1/24 dev far0; ip link set far0 up', shell=True, check=True)
print('up', flush=True)
while True:
    packet = bytearray(os.read(far, 2048))
    if packet[0] != 0x45 or packet[9] != 1 or packet[20] != 8: continue
    if int.from_bytes(packet[26:28], 'big') == packet[19]: continue  # the last part of the address is how many are sent
    packet[12:16], packet[16:20] = packet[16:20], packet[12:16]
    packet[20] = 0  # a reply; its checksum is that of the request and 0x0800
    check = int.from_bytes(packet[22:24], 'big') + 0x0800
    packet[22:24] = ((check & 0xFFFF) + (check >> 16)).to_bytes(2, 'big')
    os.write(far, packet)
PYTHON
cat > ping << 'SHELL'
#!/bin/sh
bin/ping "$@" | tee -a printed
SHELL
chmod +x ping
unshare -n bash -c '
  python3 host.py > state & host=$!
  trap "kill $host" EXIT
  until grep -q up state; do sleep 0.1; done
  for packets in 3 7 16 5; do
    > printed
    value=$(ping=./ping ping_args="-c $packets -i 0.2 -W 1" host="192.0.2.$packets" sh usr/share/munin/plugins/multiping | sed -n "s/^site1_//p")
    echo "$packets packets: $(grep -o "[0-9.]*% packet loss" printed), $value"
  done
  # ping_ has the same pattern
  test "$(cat usr/share/munin/plugins/ping_ usr/share/munin/plugins/multiping | grep -c "(.d+)% packet loss/")" = 2' | tee seen
[ "$(cat seen)" = "3 packets: 33.3333% packet loss, packetloss.value 3333
7 packets: 14.2857% packet loss, packetloss.value 2857
16 packets: 6.25% packet loss, packetloss.value 25
5 packets: 20% packet loss, packetloss.value 20" ]
