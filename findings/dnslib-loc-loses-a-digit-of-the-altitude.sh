#!/usr/bin/env bash
# dnslib 0.9.26 (PyPI, the newest): an altitude without "m" loses its last digit, half a metre is 0, and seconds below one are left out.
#
# The "m" behind altitude, size and precisions of a LOC record may be there or not (RFC 1876, section 3). RR.fromZone() takes the last character
# away, whatever it is: 1381 is 138, and 5 raises an error. Sizes are kept as a digit and a power of ten of centimetres
# (section 2), so that 0.50 m has a place: 0 is stored. What came from the wire is printed without its seconds where they are below one, which
# moves a place by up to 30 m, and the equator and the zero meridian are S and W. None of it is said. A server that serves such zones sends
# the wrong bytes, and a survey of positions prints others than it got. dnspython 2.7.0 reads and prints all of them right.
#
# Seen (text; the bytes that dnslib makes of it, as dnspython reads them; the right bytes, as dnslib prints them):
#   37 14 12.000 N 115 48 14.000 W 1381: 37 14 12.000 N 115 48 14.000 W 138.00m, printed 37 14 12.000 N 115 48 14.000 W 1381.00m
#   51 30 12.000 N 0 7 39.000 W 24.00m 0.50m: 51 30 12.000 N 0 7 39.000 W 24.00m 0.00m 10000.00m 10.00m, printed 51 30 12.000 N 0 7 39.000 W 24.00m 0.50m
#   51 30 0.999 N 0 7 39.000 W 24.00m: 51 30 0.999 N 0 7 39.000 W 24.00m, printed 51 30 N 0 7 39.000 W 24.00m
#   0 N 0 E 24.00m: 0 0 0.000 N 0 0 0.000 E 24.00m, printed 0 S 0 W 24.00m
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile dnslib==0.9.26 dnspython==2.7.0 ||
  { echo "no dnslib 0.9.26 or dnspython 2.7.0 here"; exit 77; }
cat > read.py << 'PYTHON'
import dns.rdata
from dnslib import RR
from dnslib.dns import LOC
from dnslib.label import DNSBuffer

for text in ("37 14 12.000 N 115 48 14.000 W 1381", "51 30 12.000 N 0 7 39.000 W 24.00m 0.50m",
             "51 30 0.999 N 0 7 39.000 W 24.00m", "0 N 0 E 24.00m"):
    buffer = DNSBuffer()
    RR.fromZone(f"host.example. 60 IN LOC {text}")[0].rdata.pack(buffer)
    made = dns.rdata.from_wire("IN", "LOC", bytes(buffer.data), 0, len(buffer.data))
    right = dns.rdata.from_text("IN", "LOC", text).to_wire()
    print(f"{text}: {made}, printed {LOC.parse(DNSBuffer(right), len(right))}")
PYTHON
seen=$(venv/bin/python read.py)
echo "$seen"
[ "$seen" = "37 14 12.000 N 115 48 14.000 W 1381: 37 14 12.000 N 115 48 14.000 W 138.00m, printed 37 14 12.000 N 115 48 14.000 W 1381.00m
51 30 12.000 N 0 7 39.000 W 24.00m 0.50m: 51 30 12.000 N 0 7 39.000 W 24.00m 0.00m 10000.00m 10.00m, printed 51 30 12.000 N 0 7 39.000 W 24.00m 0.50m
51 30 0.999 N 0 7 39.000 W 24.00m: 51 30 0.999 N 0 7 39.000 W 24.00m, printed 51 30 N 0 7 39.000 W 24.00m
0 N 0 E 24.00m: 0 0 0.000 N 0 0 0.000 E 24.00m, printed 0 S 0 W 24.00m" ]
