#!/usr/bin/env bash
# nping 0.7.93, hping3 3.a2.ds2-10 and check_icmp 2.3.3 (Debian bookworm): a duplicate makes up for a loss, and loss is negative.
#
# Loss is that no answer came to a packet (RFC 2680); an answer that comes twice is a duplicate (RFC 5560), and no second packet got through.
# The three count whatever comes. Of a host that answers each second packet, and twice, nping and check_icmp say that nothing is lost; of
# one that answers all packets twice hping3 says "-100% packet loss", though it marks the second answer with DUP!. ping of iputils, fping
# and busybox say 50 % and 0 % of the same hosts. A tun interface is the host here.
#
# Seen:
#   nping, each second packet answered twice: Sent 4 Rcvd 4 Lost 0 (0.00%)
#   check_icmp, each second packet answered twice: lost 0%
#   hping3, each packet answered twice: 2 transmitted, 4 received, -100%
# Needs: root, python3, unshare, /dev/net/tun, Debian 12 (apt). Packets stay in a network namespace.
set -euo pipefail

NPING=7.93+dfsg1-1
HPING=3.a2.ds2-10
PLUGINS=2.3.3-5+deb12u2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "nmap=$NPING" "hping3=$HPING" "monitoring-plugins-basic=$PLUGINS" libtcl8.6 libpcap0.8 liblinear4 libblas3 liblua5.3-0 libssh2-1 > /dev/null 2>&1 ||
  { echo "no nmap $NPING, hping3 $HPING or monitoring-plugins-basic $PLUGINS here"; exit 77; }
for package in *.deb; do dpkg -x "$package" .; done
cat > host.py << 'PYTHON'
import fcntl, os, struct, subprocess, sys
each = int(sys.argv[1])  # each how many packets it answers, twice
far = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(far, 0x400454CA, struct.pack('16sH', b'far0', 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
subprocess.run('ip link set lo up; ip addr add 192.0.2.1/24 dev far0; ip link set far0 up', shell=True, check=True)
print('up', flush=True)
asked = 0
while True:
    packet = bytearray(os.read(far, 2048))
    if packet[0] != 0x45 or packet[9] != 1 or packet[20] != 8: continue
    asked += 1
    if (asked - 1) % each: continue
    packet[12:16], packet[16:20] = packet[16:20], packet[12:16]
    packet[20] = 0  # a reply; its checksum is that of the request and 0x0800
    check = int.from_bytes(packet[22:24], 'big') + 0x0800
    packet[22:24] = ((check & 0xFFFF) + (check >> 16)).to_bytes(2, 'big')
    for _ in range(2): os.write(far, packet)
PYTHON
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu:$folder/usr/lib/x86_64-linux-gnu/blas"
beside() { # beside EACH COMMAND...: in a network of its own, with the host that answers each so many packets
  unshare -n bash -c '
    python3 host.py "$1" > state & host=$!
    trap "kill $host" EXIT
    until grep -q up state; do sleep 0.1; done
    shift
    "$@"' _ "$@"
}
beside 2 usr/bin/nping --icmp -c 4 192.0.2.7 > nping
beside 2 usr/lib/nagios/plugins/check_icmp -H 192.0.2.7 -n 8 > icmp || true
beside 1 usr/sbin/hping3 --icmp -c 4 192.0.2.7 > hping 2>&1 || true
{
  sed -n 's/^Raw packets sent: \([0-9]*\) .*Rcvd: \([0-9]*\) .*Lost: /nping, each second packet answered twice: Sent \1 Rcvd \2 Lost /p' nping
  grep -o 'lost [0-9]*%' icmp | sed 's/^/check_icmp, each second packet answered twice: /'
  sed -n 's/^\([0-9]* \)packets \(transmitted, [0-9]* \)packets \(received, .*%\) packet loss/hping3, each packet answered twice: \1\2\3/p' hping
} | tee seen
[ "$(cat seen)" = "nping, each second packet answered twice: Sent 4 Rcvd 4 Lost 0 (0.00%)
check_icmp, each second packet answered twice: lost 0%
hping3, each packet answered twice: 2 transmitted, 4 received, -100%" ]
