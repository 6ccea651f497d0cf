#!/usr/bin/env bash
# ntpdig of ntpsec 1.2.2 (Debian 12): the fraction of the server's time is printed without its leading zeros, in the JSON too.
#
# 5 ms past the second is ".5000" and 50 µs is ".50": half a second (ISO 8601 and RFC 3339, section 5.6: a decimal fraction). The number of
# digits comes from the precision in the answer and is used as the width of a number of microseconds. In its repository
# (1.2.5, August 2026) zeros fill the width, which helps where the precision is a microsecond or better, and not where it is
# coarser, as here: a clock of 2^-10 s still gives ".5000" and "050". `offset` is computed apart from it and is right.
#
# Seen (a server whose clock has a precision of 2^-10 s):
#   14:13:20.500000: 2026-09-21T14:13:20.500000+0000
#   14:13:20.005000: 2026-09-21T14:13:20.5000+0000
#   14:13:20.000050: 2026-09-21T14:13:20.50+0000
# Needs: Debian 12 on amd64 (apt, /usr/bin/python3, libbsd0), root (port 123, in a network namespace of its own).
set -euo pipefail

VERSION=1.2.2+dfsg1-1+deb12u1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "ntpsec-ntpdig=$VERSION" "python3-ntp=$VERSION" > /dev/null 2>&1 ||
  { echo "no ntpsec-ntpdig $VERSION here"; exit 77; }
for package in *.deb; do dpkg -x "$package" .; done
modules=$folder/usr/lib/python3/dist-packages
cp usr/lib/x86_64-linux-gnu/ntp/libntpc.so.1 "$modules/ntp/libntpc.so"

cat > ask.py << 'PYTHON'
import json, os, socket, struct, subprocess, sys, threading

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 123))
microseconds = 0

def serve():
    while True:
        request, client = server.recvfrom(200)
        now = struct.pack(">II", 1790000000 + 2208988800, round(microseconds * 2**32 / 1e6) + 1)
        # leap 0, version 4, server; stratum 1, poll 6, precision -10; root delay and dispersion 0
        server.sendto(bytes([0x24, 1, 6, 0x100 - 10]) + bytes(8) + b"GPS\0" + now + request[40:48] + now + now, client)

threading.Thread(target=serve, daemon=True).start()
for microseconds in (500_000, 5_000, 50):
    said = subprocess.run(["/usr/bin/python3", "usr/bin/ntpdig", "--json", "127.0.0.1"], check=True, stdout=subprocess.PIPE).stdout
    print(f"14:13:20.{microseconds:06}: {json.loads(said)['time']}")
PYTHON
seen=$(TZ=UTC PYTHONPATH=$modules unshare --net sh -c 'ip link set lo up; exec /usr/bin/python3 ask.py')
echo "$seen"
[ "$seen" = "14:13:20.500000: 2026-09-21T14:13:20.500000+0000
14:13:20.005000: 2026-09-21T14:13:20.5000+0000
14:13:20.000050: 2026-09-21T14:13:20.50+0000" ]
