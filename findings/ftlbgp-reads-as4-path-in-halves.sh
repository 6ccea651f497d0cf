#!/usr/bin/env bash
# ftlbgp 1.0.5 (PyPI, the newest): an AS4_PATH of an update from an old speaker is read as halves of numbers, where that comes out even.
#
# AS4_PATH has numbers of four octets, always (RFC 6793, section 3), and takes the place of the AS_TRANS (23456) in a path of two octets
# (section 4.2.3). ftlbgp guesses the size from whether segments of one size or the other end with the attribute; where both do, it takes that of
# the record, two octets in BGP4MP_MESSAGE (RFC 6396, section 4.4.2). So it is for one number whose last octet is 0 (65536, 196608,
# 4200000000), for two of which the last has 1 as its second octet, or 0 as its second and fourth (512, 64512), and so on with more: the
# route is said to come from a network that has nothing to do with it. bgpdump 1.6.2 (Debian bookworm, 1.6.2-2) reads the paths right.
#
# Seen (AS_PATH 64496 23456 with AS4_PATH 65536; the same with 4200000000; 64496 64500 23456 with 64500 65551; with 64500 4200000001):
#   bgpdump: 64496 65536, 64496 4200000000, 64496 64500 65551, 64496 64500 4200000001
#   ftlbgp: 64496 1, 64496 64086, 0 64500 15, 64496 64500 4200000001
# Needs: python3 with venv, Debian 12 (apt).
set -euo pipefail

VERSION=1.6.2-2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "bgpdump=$VERSION" > /dev/null 2>&1 || { echo "no bgpdump $VERSION here"; exit 77; }
dpkg -x bgpdump_*.deb .
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile ftlbgp==1.0.5 || { echo "no ftlbgp 1.0.5 here"; exit 77; }
cat > updates.py << 'PYTHON'
# BGP4MP_MESSAGE records (RFC 6396, section 4.4.2), each with an UPDATE (RFC 4271, section 4.3).
import socket, struct

address = socket.inet_aton
attribute = lambda flags, kind, value: bytes([flags, kind, len(value)]) + value
segment = lambda form, numbers: struct.pack('>BB', 2, len(numbers)) + b''.join(struct.pack(form, number) for number in numbers)
with open('updates.mrt', 'wb') as file:
    for path, path4 in (((64496, 23456), (65536,)), ((64496, 23456), (4200000000,)),
                        ((64496, 64500, 23456), (64500, 65551)), ((64496, 64500, 23456), (64500, 4200000001))):
        attributes = (attribute(0x40, 1, b'\0') + attribute(0x40, 2, segment('>H', path)) + attribute(0x40, 3, address('198.51.100.1'))
                      + attribute(0xC0, 17, segment('>I', path4)))
        body = struct.pack('>HH', 0, len(attributes)) + attributes + bytes([24, 203, 0, 113])
        update = b'\xff' * 16 + struct.pack('>HB', 19 + len(body), 2) + body
        peers = struct.pack('>HHHH', 64496, 64497, 0, 1) + address('198.51.100.1') + address('198.51.100.2')
        file.write(struct.pack('>IHHI', 1790000000, 16, 1, len(peers + update)) + peers + update)
PYTHON
python3 updates.py
cat > read.py << 'PYTHON'
import warnings
warnings.simplefilter('ignore')
from ftlbgp import BgpParser

with BgpParser() as parse:
    print('ftlbgp: ' + ', '.join(' '.join(map(str, record.aspath)) for record in parse('updates.mrt') if getattr(record, 'aspath', None)))
PYTHON
{
  echo "bgpdump: $(usr/bin/bgpdump -m updates.mrt 2> /dev/null | cut -d '|' -f 7 | paste -sd , | sed 's/,/, /g')"
  venv/bin/python read.py
} | tee seen
[ "$(cat seen)" = "bgpdump: 64496 65536, 64496 4200000000, 64496 64500 65551, 64496 64500 4200000001
ftlbgp: 64496 1, 64496 64086, 0 64500 15, 64496 64500 4200000001" ]
