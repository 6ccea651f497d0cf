#!/usr/bin/env bash
# pyasn 1.6.2 (PyPI, the newest): the size of a network counts an IPv6 prefix as if it were one of IPv4, and addresses that another network routes.
#
# get_as_size() is documented as the "number of unique IP addresses routed by AS". It adds up 2^(32 - length) for all prefixes of the network, those
# of IPv6 as well, in which an address has 128 bits: a /32 adds one address, a /29 eight, a /48 the 65536th part of one. And it takes only
# the network's own prefixes together: of a /24 whose half another network announces as a /25, which is where packets go (the longest
# match, RFC 4632, section 5.1), 256 addresses are its own and 128 more the other's. lookup() of the same table gives each address to
# one network. Sizes by which networks are ranked or results are weighted add up to more than there is, and whoever has customers with routes
# of their own looks larger.
#
# Seen (a table of 192.0.2.0/24, 2001:db8::/29 of AS64500; 192.0.2.0/25 of AS64501; 2001:db8:1::/48 of AS64502; addresses of 192.0.2.0/24 by lookup()):
#   AS64500: size 264, by lookup 128 of IPv4
#   AS64501: size 128, by lookup 128 of IPv4
#   AS64502: size 1.52587890625e-05, by lookup 0 of IPv4
# Needs: python3 with venv and its headers, a C compiler.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile pyasn==1.6.2 || { echo "no pyasn 1.6.2 here"; exit 77; }
printf '%s\t%s\n' 192.0.2.0/24 64500 2001:db8::/29 64500 192.0.2.0/25 64501 2001:db8:1::/48 64502 > table
cat > read.py << 'PYTHON'
from collections import Counter
from ipaddress import ip_network

import pyasn

table = pyasn.pyasn("table")
routed = Counter(table.lookup(str(address))[0] for address in ip_network("192.0.2.0/24"))
for number in (64500, 64501, 64502):
    print(f"AS{number}: size {table.get_as_size(number)}, by lookup {routed[number]} of IPv4")
PYTHON
seen=$(venv/bin/python read.py)
echo "$seen"
[ "$seen" = "AS64500: size 264, by lookup 128 of IPv4
AS64501: size 128, by lookup 128 of IPv4
AS64502: size 1.52587890625e-05, by lookup 0 of IPv4" ]
