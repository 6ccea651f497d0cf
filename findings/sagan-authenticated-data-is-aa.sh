#!/usr/bin/env bash
# ripe.atlas.sagan 2.0.1 (PyPI, the newest): `authenticated_data` of a DNS header is the flag AA, not AD.
#
# AD says that a resolver has validated the answer (RFC 4035, section 3.2.3); AA that the server has authority for the name (RFC 1035,
# section 4.1.1). The long names of the other flags (is_authoritative, checking_disabled ...) return their flag. Whoever counts
# validating resolvers by it counts authoritative servers: every unsigned answer of one is "authenticated", and no answer of a validating
# resolver is. `ad` and `flags.ad` are right; dnspython 2.9.2 agrees with them.
#
# Seen:
#   authoritative, not validated: dnspython AA; sagan ad False, authenticated_data True
#   validated by a resolver: dnspython AD; sagan ad True, authenticated_data False
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile ripe.atlas.sagan==2.0.1 dnspython==2.9.2 ||
  { echo "no ripe.atlas.sagan 2.0.1 here"; exit 77; }
seen=$("$folder/venv/bin/python" - << 'PYTHON'
from base64 import b64encode
from dns.flags import to_text
from dns.message import from_wire
from ripe.atlas.sagan import Result

# responses to a.example A with one address: 0x8500 is QR AA RD, 0x81a0 is QR RD RA AD
REST = "0001" "0001" "0000" "0000" "0161076578616d706c6500" "0001" "0001" "c00c" "0001" "0001" "0000003c" "0004" "c0000201"
for name, flags in (("authoritative, not validated", "8500"), ("validated by a resolver", "81a0")):
    message = bytes.fromhex("0001" + flags + REST)
    answer = {"rt": 1.5, "size": len(message), "abuf": b64encode(message).decode()}
    result = Result.get({"type": "dns", "fw": 5080, "timestamp": 1790000000, "msm_id": 1, "prb_id": 1, "result": answer})
    header = result.responses[0].abuf.header
    other = " ".join(flag for flag in to_text(from_wire(message).flags).split() if flag in ("AA", "AD"))
    print(f"{name}: dnspython {other}; sagan ad {header.ad}, authenticated_data {header.authenticated_data}")
PYTHON
)
echo "$seen"
[ "$seen" = "authoritative, not validated: dnspython AA; sagan ad False, authenticated_data True
validated by a resolver: dnspython AD; sagan ad True, authenticated_data False" ]
