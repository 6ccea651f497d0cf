#!/usr/bin/env bash
# ipcalc 1.99.0 (PyPI, the newest): 203.0.0.0/15 and 198.50.0.0/15 are "TEST-NET", and of fc00::/7 a thousandth is "UNIQUE-LOCAL".
#
# IANA's registry of special addresses (RFC 6890) has 203.0.113.0/24 and 198.51.100.0/24 for documentation (RFC 5737) and all of fc00::/7 for local
# use (RFC 4193), of which fd00::/8 is in use. The table behind info() has their leading bits cut after the fifteenth, so that two times
# 130,816 addresses of providers in Asia and America are documentation; and ten bits too many for the third, so that no address in use is local.
# Whatever leaves special addresses out of a list by it leaves these out, and keeps the others. Python's own ipaddress knows the registry.
#
# Seen (info() of ipcalc; is_global of ipaddress):
#   203.0.0.1: TEST-NET-3, True
#   203.1.200.1: TEST-NET-3, True
#   198.50.1.1: TEST-NET-2, True
#   203.0.113.1: TEST-NET-3, False
#   192.0.3.1: UNKNOWN, True
#   fc00::1: UNIQUE-LOCAL, False
#   fd12:3456:789a::1: UNKNOWN, False
#   2001:db8::1: DOCUMENTATION, False
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile ipcalc==1.99.0 six==1.17.0 || { echo "no ipcalc 1.99.0 here"; exit 77; }
seen=$("$folder/venv/bin/python" -W ignore - << 'PYTHON'
import ipaddress
import ipcalc

for address in ("203.0.0.1", "203.1.200.1", "198.50.1.1", "203.0.113.1", "192.0.3.1", "fc00::1", "fd12:3456:789a::1", "2001:db8::1"):
    print(f"{address}: {ipcalc.IP(address).info()}, {ipaddress.ip_address(address).is_global}")
PYTHON
)
echo "$seen"
[ "$seen" = "203.0.0.1: TEST-NET-3, True
203.1.200.1: TEST-NET-3, True
198.50.1.1: TEST-NET-2, True
203.0.113.1: TEST-NET-3, False
192.0.3.1: UNKNOWN, True
fc00::1: UNIQUE-LOCAL, False
fd12:3456:789a::1: UNKNOWN, False
2001:db8::1: DOCUMENTATION, False" ]
