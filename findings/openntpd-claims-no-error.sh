#!/usr/bin/env bash
# OpenNTPD 6.2p3 (Debian bookworm, openntpd 1:6.2p3-4.2+b1) as a server: its root dispersion is always 0, and its root delay that of its last hop.
#
# What a client adds up to bound its error is half the root delay plus the root dispersion (RFC 5905, sections 4 and 11.1), and a server
# sends its upstream's figures with its own added to them. OpenNTPD follows here a server that claims a root delay of 50 ms and a root
# dispersion of 100 ms, and passes on neither: a client one hop further believes in an error of microseconds where there may be 125 ms.
# A chrony that says `local` claims the same (finding chrony-local-claims-no-error); this one has a source, and drops what it says.
# The source is a small program on loopback, and the clock of this machine: nothing is set by more than microseconds.
#
# Seen:
#   source: stratum 2, root delay 50 ms, root dispersion 100 ms
#   OpenNTPD: stratum 3, root delay below 1 ms, root dispersion 0
# Needs: root, python3, unshare, Debian 12 (apt). One to three minutes, until it follows its source. Packets stay in a network namespace.
set -euo pipefail

VERSION=1:6.2p3-4.2+b1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "openntpd=$VERSION" > /dev/null 2>&1 || { echo "no openntpd $VERSION here"; exit 77; }
dpkg -x openntpd_*.deb .
cat > source.py << 'PYTHON'
import socket, struct, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.3', 123))
def now(): return int((time.time() + 2208988800) * 2**32)
while True:
    query, client = server.recvfrom(512)
    at = now()
    # no leap, version 4, mode 4; stratum 2; root delay 50 ms, root dispersion 100 ms (seconds in 16.16)
    head = struct.pack('>BBbbII4s', 0x24, 2, 6, -20, int(0.05 * 65536), int(0.1 * 65536), b'\xc0\x00\x02\x01')
    server.sendto(head + struct.pack('>QQQQ', at - (8 << 32), int.from_bytes(query[40:48], 'big'), at, now()), client)
PYTHON
cat > ask.py << 'PYTHON'
import socket, struct, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(2)
client.sendto(b'\x23' + bytes(47), (sys.argv[1], 123))
answer = client.recv(512)
delay, dispersion = (value / 65.536 for value in struct.unpack('>II', answer[4:12]))
print(f"stratum {answer[1]}, root delay {'below 1' if delay < 1 else round(delay)} ms, root dispersion {f'{dispersion:.0f} ms' if dispersion else 0}")
PYTHON
printf 'listen on 127.0.0.2\nserver 127.0.0.3\n' > ntpd.conf
export folder
unshare -n -m bash -c '
  ip link set lo up
  # it looks for its user and its folders at fixed places: both are made for this shell alone
  { cat /etc/passwd; echo "ntpd:x:64999:64999::/run/openntpd:/bin/false"; } > passwd
  mount --bind passwd /etc/passwd
  mount -t tmpfs none /var/lib; mkdir -p /var/lib/openntpd/db /var/lib/openntpd/run
  mount -t tmpfs none /run; mkdir /run/openntpd
  python3 source.py & source=$!
  until python3 ask.py 127.0.0.3 > /dev/null 2>&1; do sleep 0.1; done
  usr/sbin/ntpd -d -f ntpd.conf > log 2>&1 & ntpd=$!
  trap "kill $ntpd $source" EXIT
  for ((second = 0; second < 200; second++)); do
    sleep 1
    python3 ask.py 127.0.0.2 2> /dev/null | grep -v "stratum 0" > answer && break
  done
  echo "source: $(python3 ask.py 127.0.0.3)"
  echo "OpenNTPD: $(cat answer)"' | tee seen
[ "$(cat seen)" = "source: stratum 2, root delay 50 ms, root dispersion 100 ms
OpenNTPD: stratum 3, root delay below 1 ms, root dispersion 0" ]
