#!/usr/bin/env bash
# jc 1.26.1 (PyPI, the newest) with ntpq of ntpsec 1.2.2 (Debian bookworm): "5d" since the last packet becomes 5, and "35m" less than "40".
#
# ntpq(1) says of `when`: "sec/min/hr since last received packet", and so it prints: 2048 s as 2048, from then on 35m, 12h, 5d. `jc ntpq -p`
# takes all but the digits away, and its schema has an integer without a unit: a server that has been silent for five days was heard five
# seconds ago, and is the freshest of all. `reach` is eight bits written in octal (ntpq(1)); jc gives the digits as a decimal number,
# so that 377 has other bits than 255: counting those that are set says six answers of the last eight where there were eight.
#
# Seen (ntpq prints `when` of 40 s, 2048 s, 35 minutes, 12 hours and 5 days; reach is 377):
#   ntpq: 40 2048 35m 12h 5d
#   jc: 40 2048 35 12 5
#   reach 377: 377, with 6 bits set
# Needs: python3 with venv, Debian 12 on amd64 (apt, /usr/bin/python3, libbsd0).
set -euo pipefail

VERSION=1.2.2+dfsg1-1+deb12u1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "python3-ntp=$VERSION" > /dev/null 2>&1 || { echo "no python3-ntp $VERSION here"; exit 77; }
dpkg -x python3-ntp_*.deb .
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile jc==1.26.1 || { echo "no jc 1.26.1 here"; exit 77; }
# The column as ntpq makes it, whose library stands beside its modules.
modules=$folder/usr/lib/python3/dist-packages
cp usr/lib/x86_64-linux-gnu/ntp/libntpc.so.1 "$modules/ntp/libntpc.so"
PYTHONPATH=$modules /usr/bin/python3 -c '
from ntp.util import PeerSummary
print(" ".join(PeerSummary.prettyinterval(seconds) for seconds in (40, 2048, 35 * 60, 12 * 3600, 5 * 86400)))' > when
cat > read.py << 'PYTHON'
import jc

when = open("when").read().split()
head = "     remote           refid      st t when poll reach   delay   offset  jitter\n" + "=" * 78 + "\n"
rows = [f"+192.0.2.{number:<7} 198.51.100.1     2 u {text:>4} 1024  377   10.000   -0.050   0.010\n" for number, text in enumerate(when, 1)]
peers = jc.parse("ntpq", head + "".join(rows))
print("ntpq: " + " ".join(when))
print("jc: " + " ".join(str(peer["when"]) for peer in peers))
reach = peers[0]["reach"]
print(f"reach 377: {reach}, with {bin(reach).count('1')} bits set")
PYTHON
seen=$(venv/bin/python read.py)
echo "$seen"
[ "$seen" = "ntpq: 40 2048 35m 12h 5d
jc: 40 2048 35 12 5
reach 377: 377, with 6 bits set" ]
