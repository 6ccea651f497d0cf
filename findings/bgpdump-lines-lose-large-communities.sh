#!/usr/bin/env bash
# bgpdump 1.6.2 (Debian bookworm, 1.6.2-2): its lines (-m) have no large communities, and a route without a local preference has one of 0.
#
# The form with a record in a line is what most programs read. A large community (RFC 8092) is how a network with a number of four bytes
# marks its routes, as an ordinary one has room for two; the form of many lines, which is read with the same code, prints it as LARGE_COMMUNITY,
# and the line leaves it out without a word: a count of who uses communities misses these networks. LOCAL_PREF is not sent between networks
# (RFC 4271, section 5.1.5), and a collector mostly has none; the line has 0 then, which is a value that a route can have, the least preferred;
# so with MULTI_EXIT_DISC. mrtparse 2.2.0 shows which attributes there are.
#
# Seen (two routes: the first with the large community 4200000001:1:2 and no LOCAL_PREF, the second with a LOCAL_PREF of 0):
#   many lines: COMMUNITY: 64500:1, LARGE_COMMUNITY: 4200000001:1:2, LOCAL_PREF: 0
#   line: 64496 64500 4200000001|IGP|198.51.100.1|0|0|64500:1|NAG||
#   line: 64496 64500 4200000001|IGP|198.51.100.1|0|0||NAG||
#   mrtparse: ORIGIN AS_PATH NEXT_HOP COMMUNITY LARGE_COMMUNITY, ORIGIN AS_PATH NEXT_HOP LOCAL_PREF
# Needs: Debian 12 (apt, the libraries of bgpdump), python3 with venv.
set -euo pipefail

VERSION=1.6.2-2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "bgpdump=$VERSION" > /dev/null 2>&1 || { echo "no bgpdump $VERSION here"; exit 77; }
dpkg -x bgpdump_*.deb .
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile mrtparse==2.2.0 || { echo "no mrtparse 2.2.0 here"; exit 77; }
cat > table.py << 'PYTHON'
# A table of the form TABLE_DUMP_V2 (RFC 6396, section 4.3): the peers, and two routes of the first.
import socket, struct

address = socket.inet_aton
attribute = lambda flags, kind, value: bytes([flags, kind, len(value)]) + value
record = lambda kind, body: struct.pack('>IHHI', 1790000000, 13, kind, len(body)) + body
common = (attribute(0x40, 1, b'\0') + attribute(0x40, 2, struct.pack('>BBIII', 2, 3, 64496, 64500, 4200000001))
          + attribute(0x40, 3, address('198.51.100.1')))
large = attribute(0xC0, 8, struct.pack('>HH', 64500, 1)) + attribute(0xC0, 32, struct.pack('>III', 4200000001, 1, 2))
preferred = attribute(0x40, 5, struct.pack('>I', 0))
peer = b'\2' + address('198.51.100.1') * 2 + struct.pack('>I', 64496)
with open('table.mrt', 'wb') as file:
    file.write(record(1, address('192.0.2.1') + struct.pack('>HH', 0, 1) + peer))
    for number, own in enumerate((large, preferred)):
        route = common + own
        file.write(record(2, struct.pack('>IB3sHHIH', number, 24, bytes([203, 0, 113 + number]), 1, 0, 1789990000, len(route)) + route))
PYTHON
python3 table.py
cat > read.py << 'PYTHON'
from mrtparse import Reader

routes = [record.data['rib_entries'][0]['path_attributes'] for record in Reader('table.mrt') if 'rib_entries' in record.data]
print('mrtparse: ' + ', '.join(' '.join(next(iter(one['type'].values())) for one in route) for route in routes))
PYTHON
{
  echo "many lines: $(usr/bin/bgpdump -v table.mrt 2> /dev/null | grep -E '^ *(LARGE_)?COMMUNITY|^LOCAL_PREF' | paste -sd , | sed 's/,/, /g')"
  usr/bin/bgpdump -v -m table.mrt 2> /dev/null | cut -d '|' -f 7- | sed 's/^/line: /'
  venv/bin/python read.py
} | tee seen
[ "$(cat seen)" = "many lines: COMMUNITY: 64500:1, LARGE_COMMUNITY: 4200000001:1:2, LOCAL_PREF: 0
line: 64496 64500 4200000001|IGP|198.51.100.1|0|0|64500:1|NAG||
line: 64496 64500 4200000001|IGP|198.51.100.1|0|0||NAG||
mrtparse: ORIGIN AS_PATH NEXT_HOP COMMUNITY LARGE_COMMUNITY, ORIGIN AS_PATH NEXT_HOP LOCAL_PREF" ]
