#!/usr/bin/env bash
# dnsmasq 2.90 (Debian 12) answers REFUSED for the other types of a name that it serves itself, where it has no upstream server.
#
# The name exists, so the answer is NOERROR without data (RFC 2308, section 2.2). dnsmasq forwards what `host-record` does not hold, finds
# nobody to forward to, and refuses: for the AAAA of a name that has an A, too. Whoever tells "has no such address" (an answer) from
# "nobody answered" (REFUSED: RFC 9520, section 2.1) takes a dual-stack look-up of a healthy name for a resolver that failed in one half.
# With `local=/example/` the same questions are NODATA.
#
# Output seen:
#   host-record alone: A NOERROR 1, AAAA REFUSED 0, TXT REFUSED 0
#   and local=/example/: A NOERROR 1, AAAA NOERROR 0, TXT NOERROR 0
#
# Needs: Debian 12 (apt, the libraries of dnsmasq-base), python3. Nothing leaves the loopback address.
set -euo pipefail

VERSION=2.90-4~deb12u2

folder=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q "dnsmasq-base=$VERSION" > /dev/null 2>&1 || { echo "dnsmasq-base $VERSION cannot be had: apt-get update" >&2; exit 2; }
dpkg -x dnsmasq-base_*.deb .
./usr/sbin/dnsmasq --version | head -n 1 || { echo "its libraries are missing: apt-get install dnsmasq-base" >&2; exit 2; }

serve() { # serve PORT OPTION...
  local port=$1
  shift
  ./usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --user="$(id -un)" --pid-file= --port="$port" --listen-address=127.0.0.1 \
    --bind-interfaces --no-resolv --no-hosts --host-record=www.example,192.0.2.1 "$@" 2> "log-$port" &
  pids+=($!)
}

ask() { # ask PORT: response code and number of answers, by type
  python3 - "$1" << 'PYTHON'
import socket, struct, sys, time
CODES = {0: "NOERROR", 3: "NXDOMAIN", 5: "REFUSED"}

def ask(kind):
    query = bytes.fromhex("000101000001000000000000" "03777777076578616d706c6500") + struct.pack(">HH", kind, 1)
    for attempt in range(50):
        asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asking.settimeout(0.5)
        asking.connect(("127.0.0.1", int(sys.argv[1])))
        try:
            asking.send(query)
            return asking.recv(512)
        except OSError:
            time.sleep(0.1)
    sys.exit("no answer")

said = []
for name, kind in (("A", 1), ("AAAA", 28), ("TXT", 16)):
    answer = ask(kind)
    code = answer[3] & 15
    said.append(f"{name} {CODES.get(code, code)} {struct.unpack('>H', answer[6:8])[0]}")
print(", ".join(said))
PYTHON
}

serve 15401
serve 15402 --local=/example/
alone=$(ask 15401)
beside=$(ask 15402)
echo "host-record alone: $alone"
echo "and local=/example/: $beside"
[ "$alone" = 'A NOERROR 1, AAAA REFUSED 0, TXT REFUSED 0' ] || exit 1
[ "$beside" = 'A NOERROR 1, AAAA NOERROR 0, TXT NOERROR 0' ] || exit 1
