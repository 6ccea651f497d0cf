#!/usr/bin/env bash
# dns-packet 5.6.1 (npm): one DNSKEY record whose protocol is not 3 makes the whole message undecodable.
#
# RFC 4034, section 2.1.2: a DNSKEY with another protocol "MUST be treated as invalid during signature verification". It is
# a record like any other on the wire: dnspython 2.7.0 shows it, and the A record beside it. decode() throws, so
# whoever reads answers with it loses all the other records; in a zone transfer, all that is left of the zone.
#
# Output seen:
#   dnspython: A 192.0.2.1 / DNSKEY 256 4 8 AQIDBA==
#   dns-packet: throws "Protocol must be 3"
#
# Needs: node >= 20 with npm, python3 with venv.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . dns-packet@5.6.1 > /dev/null
python3 -m venv python && python/bin/pip install -q --disable-pip-version-check dnspython==2.7.0

# a response: the question a.example ANY, then an A record and a DNSKEY (flags 256, protocol 4, algorithm 8)
MESSAGE=000180000001000200000000
MESSAGE+=0161076578616d706c650000ff0001
MESSAGE+=c00c000100010000003c0004c0000201
MESSAGE+=c00c003000010000003c00080100040801020304

other=$(python/bin/python - "$MESSAGE" << 'PYTHON'
import sys, dns.message, dns.rdatatype
answer = dns.message.from_wire(bytes.fromhex(sys.argv[1])).answer
print(" / ".join(f"{dns.rdatatype.to_text(each.rdtype)} {each[0].to_text()}" for each in answer))
PYTHON
)
seen=$(node -e '
  const packet = require("dns-packet");
  try { console.log(packet.decode(Buffer.from(process.argv[1], "hex")).answers.length); }
  catch (error) { console.log(`throws "${error.message}"`); }' "$MESSAGE")
echo "dnspython: $other"
echo "dns-packet: $seen"
[ "$other" = 'A 192.0.2.1 / DNSKEY 256 4 8 AQIDBA==' ] && [ "$seen" = 'throws "Protocol must be 3"' ]
