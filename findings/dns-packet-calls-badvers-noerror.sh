#!/usr/bin/env bash
# dns-packet 5.6.1 (npm): `rcode` of a message that says BADVERS is 'NOERROR', that of BADCOOKIE 'YXRRSET'.
#
# RFC 6891, section 6.1.3: the response code has twelve bits, the upper eight of which are in the OPT record. decode() reads both
# parts and leaves them apart (`rcode`, and `extendedRcode` in `additionals`), so a refusal looks like an empty answer to
# whoever asks `rcode`. dnspython 2.7.0 puts them together.
#
# Output seen:
#   dnspython: BADVERS BADCOOKIE
#   dns-packet: NOERROR/1 YXRRSET/1
#
# Needs: node >= 20 with npm, python3 with venv.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . dns-packet@5.6.1 > /dev/null
python3 -m venv python && python/bin/pip install -q --disable-pip-version-check dnspython==2.7.0

# responses without a question, with an OPT record whose first byte of "TTL" is 1: 16 + 0 and 16 + 7
BADVERS=00018000000000000000000100002904d0010000000000
BADCOOKIE=00018007000000000000000100002904d0010000000000

other=$(python/bin/python -c '
import sys, dns.message, dns.rcode
print(*(dns.rcode.to_text(dns.message.from_wire(bytes.fromhex(each)).rcode()) for each in sys.argv[1:]))' $BADVERS $BADCOOKIE)
seen=$(node -e '
  const packet = require("dns-packet");
  const said = process.argv.slice(1).map((each) => packet.decode(Buffer.from(each, "hex")));
  console.log(said.map(({ rcode, additionals }) => `${rcode}/${additionals[0].extendedRcode}`).join(" "));' $BADVERS $BADCOOKIE)
echo "dnspython: $other"
echo "dns-packet: $seen"
[ "$other" = 'BADVERS BADCOOKIE' ] && [ "$seen" = 'NOERROR/1 YXRRSET/1' ]
