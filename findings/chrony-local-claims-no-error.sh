#!/usr/bin/env bash
# chrony 4.3 (Debian 12): a server with `local` counts as synchronised and claims a root delay and a root dispersion of
# exactly 0, although nothing has ever set its clock; one without a source answers with stratum 0 and no code at all.
#
# An SNTP client that computes its error bound from these fields (RFC 5905: half the root delay plus the root dispersion)
# believes a clock of any error to the grain of the packet. chrony.conf(5) says of `local` that the server "appears
# synchronised", and not that its dispersion is no statement. The reference id 127.127.1.1 is what tells it apart.
# The second answer has leap 3, stratum 0 and an empty reference id: the stratum of a kiss-o'-death (RFC 5905, 7.4)
# without the word of one. RFC 5905, 7.3 calls stratum 0 "unspecified or invalid".
#
# Output seen with chrony 4.3:
#   local:   leap 0 stratum 10 refid 7f7f0101 root_delay 0.0 root_dispersion 0.0
#   no source: leap 3 stratum 0 refid 00000000 root_delay 1.0 root_dispersion 1.0
#
# Needs: Debian 12 (apt, the libraries of chrony), python3. Nothing is set and nothing leaves the loopback address (chronyd -x).
set -euo pipefail

VERSION=4.3-2+deb12u3

folder=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2> /dev/null || true; rm -rf "$folder"' EXIT

cd "$folder"
apt-get download -q "chrony=$VERSION" > /dev/null 2>&1 || { echo "chrony $VERSION cannot be had: apt-get update" >&2; exit 2; }
dpkg -x chrony_*.deb .
"$folder/usr/sbin/chronyd" -v > /dev/null || { echo "its libraries are missing: apt-get install chrony" >&2; exit 2; }

serve() { # serve NAME PORT LINE
  printf '%s\nport %s\nbindaddress 127.0.0.1\nallow 127.0.0.1\ncmdport 0\nbindcmdaddress /\npidfile %s/%s.pid\n' "$3" "$2" "$folder" "$1" > "$folder/$1.conf"
  "$folder/usr/sbin/chronyd" -d -x -u "$(id -un)" -f "$folder/$1.conf" 2> /dev/null &
  pids+=($!)
}

ask() { # ask PORT: what the server says of itself
  python3 - "$1" << 'PYTHON'
import socket, struct, sys, time
for attempt in range(50):
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.settimeout(0.5)
    asking.sendto(b"\x23" + bytes(39) + b"question", ("127.0.0.1", int(sys.argv[1])))
    try:
        answer = asking.recv(100)
        break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit("no answer")
delay, dispersion = (value / 65536 for value in struct.unpack(">II", answer[4:12]))
print(f"leap {answer[0] >> 6} stratum {answer[1]} refid {answer[12:16].hex()} root_delay {delay} root_dispersion {dispersion}")
PYTHON
}

serve local 12301 'local stratum 10'
serve sourceless 12302 ''
local=$(ask 12301)
sourceless=$(ask 12302)
echo "local:     $local"
echo "no source: $sourceless"
[ "$local" = 'leap 0 stratum 10 refid 7f7f0101 root_delay 0.0 root_dispersion 0.0' ] || exit 1
[ "$sourceless" = 'leap 3 stratum 0 refid 00000000 root_delay 1.0 root_dispersion 1.0' ] || exit 1
