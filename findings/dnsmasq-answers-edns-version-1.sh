#!/usr/bin/env bash
# dnsmasq 2.90 (Debian 12) answers a query of EDNS version 1 as if it were version 0.
#
# RFC 6891, section 6.1.3: a responder that does not implement the version of the request MUST answer BADVERS.
# dnsmasq answers from its own data with NOERROR and an OPT record of version 0. A measurement of who implements version negotiation
# counts every forwarder of this kind as one that supports version 1 by its RCODE; the version in the answer is what tells.
#
# Output seen:
#   NOERROR, EDNS version 0, 1 answer
#
# Needs: Debian 12 (apt, the libraries of dnsmasq-base), python3. Nothing leaves the loopback address.
set -euo pipefail

VERSION=2.90-4~deb12u2
PORT=15399

folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q "dnsmasq-base=$VERSION" > /dev/null 2>&1 || { echo "dnsmasq-base $VERSION cannot be had: apt-get update" >&2; exit 2; }
dpkg -x dnsmasq-base_*.deb .
./usr/sbin/dnsmasq --version | head -n 1 || { echo "its libraries are missing: apt-get install dnsmasq-base" >&2; exit 2; }

./usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --user="$(id -un)" --pid-file= --port=$PORT --listen-address=127.0.0.1 \
  --bind-interfaces --no-resolv --no-hosts --address=/x.example/192.0.2.1 2> log &
pid=$!

seen=$(python3 - $PORT << 'PYTHON'
import socket, struct, sys, time
query = bytes.fromhex("000101000001000000000001" "01780765" "78616d706c6500" "00010001" "00002904d00001000000" "00")
for attempt in range(50):
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.settimeout(0.5)
    asking.connect(("127.0.0.1", int(sys.argv[1])))
    try:
        asking.send(query)
        answer = asking.recv(512)
        break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit("no answer")
answers, additionals = struct.unpack(">H2xH", answer[6:12])
opt = answer[-11:]
assert additionals == 1 and opt[:3] == b"\0\0\x29" and opt[-2:] == b"\0\0", answer.hex()
code = opt[5] * 16 + (answer[3] & 15)
print(f"{ {0: 'NOERROR', 16: 'BADVERS'}.get(code, code) }, EDNS version {opt[6]}, {answers} answer")
PYTHON
)
echo "$seen"
[ "$seen" = 'NOERROR, EDNS version 0, 1 answer' ]
