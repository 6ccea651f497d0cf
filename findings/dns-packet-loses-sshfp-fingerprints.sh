#!/usr/bin/env bash
# dns-packet 5.6.1 (npm): an SSHFP record of a fingerprint type that it does not know decodes to an empty fingerprint.
#
# RFC 4255, section 3.1.2 and IANA's registry leave types above 2 for later hashes; the length of the fingerprint is that of the
# record. decode() takes it from a table of its own instead (1: 20 bytes, 2: 32) and gives '' for any other, without an
# error: a record with 48 bytes looks like one with none. dnspython 2.7.0 shows the bytes.
#
# Output seen:
#   dnspython: 4 3 abababababababababababababababababababababababababababababababababababababababababababababababab
#   dns-packet: {"algorithm":4,"hash":3,"fingerprint":""}
#
# Needs: node >= 20 with npm, python3 with venv.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . dns-packet@5.6.1 > /dev/null
python3 -m venv python && python/bin/pip install -q --disable-pip-version-check dnspython==2.7.0

# a response: the question a.example SSHFP, and one record: algorithm 4 (Ed25519), fingerprint type 3, 48 bytes
FINGERPRINT=$(printf 'ab%.0s' $(seq 48))
MESSAGE=000180000001000100000000
MESSAGE+=0161076578616d706c6500002c0001
MESSAGE+=c00c002c00010000003c00320403$FINGERPRINT

other=$(python/bin/python -c '
import sys, dns.message
print(dns.message.from_wire(bytes.fromhex(sys.argv[1])).answer[0][0].to_text())' "$MESSAGE")
seen=$(node -e '
  const packet = require("dns-packet");
  console.log(JSON.stringify(packet.decode(Buffer.from(process.argv[1], "hex")).answers[0].data));' "$MESSAGE")
echo "dnspython: $other"
echo "dns-packet: $seen"
[ "$other" = "4 3 $FINGERPRINT" ] && [ "$seen" = '{"algorithm":4,"hash":3,"fingerprint":""}' ]
