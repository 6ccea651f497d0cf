#!/usr/bin/env bash
# rov 0.6.0 (PyPI, the newest): a delegation of 768 addresses becomes a prefix of 1024 that begins before it, and loses its last 256.
#
# The fifth column of an IPv4 record in the registries' statistics is a count of addresses, which need not fit a prefix ("RIR statistics exchange
# format", and the extended one of the NRO): 768 is as good as 1024, and 512 may begin at any /24. rov makes one prefix of each record, of 32
# less log2(count) bits, cut to a whole number, and puts the start into it: what the radix tree keeps begins at a multiple of its
# size. Addresses in front of the delegation get its country, state and date, and its own last ones have none, so that unallocated space looks
# allocated, a route of the network's own looks like one of nobody's space, and counts by country are wrong.
#
# Seen (192.0.2.0 with 768 of DE, 198.51.101.0 with 512 of FR; the country by the count, and that of rov):
#   192.0.0.0: nobody, rov DE
#   192.0.2.0: DE, rov DE
#   192.0.4.255: DE, rov nobody
#   198.51.100.0: nobody, rov FR
#   198.51.102.0: FR, rov nobody
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile --no-deps \
  rov==0.6.0 py-radix==1.1.0 portion==2.6.3 sortedcontainers==2.4.0 appdirs==1.4.4 || { echo "no rov 0.6.0 here"; exit 77; }
mkdir delegated
cat > delegated/test-stats << 'STATS'
2.3|test|20260101|2|19830101|20260101|+0000
test|*|ipv4|*|2|summary
test|DE|ipv4|192.0.2.0|768|19920101|allocated|a
test|FR|ipv4|198.51.101.0|512|19930101|allocated|b
STATS
cat > read.py << 'PYTHON'
from ipaddress import IPv4Address
from rov import ROV

validator = ROV(delegated_dir="delegated/")
validator.load_delegated()
records = [line.split("|") for line in open("delegated/test-stats") if "|ipv4|" in line and "summary" not in line]
for text in ("192.0.0.0", "192.0.2.0", "192.0.4.255", "198.51.100.0", "198.51.102.0"):
    number = int(IPv4Address(text))
    right = [country for _, country, _, start, count, *_ in records if 0 <= number - int(IPv4Address(start)) < int(count)]
    print(f"{text}: {right[0] if right else 'nobody'}, rov {validator.lookup(text + '/32').get('delegated', {}).get('country', 'nobody')}")
PYTHON
seen=$(venv/bin/python -W ignore read.py 2> /dev/null)
echo "$seen"
[ "$seen" = "192.0.0.0: nobody, rov DE
192.0.2.0: DE, rov DE
192.0.4.255: DE, rov nobody
198.51.100.0: nobody, rov FR
198.51.102.0: FR, rov nobody" ]
