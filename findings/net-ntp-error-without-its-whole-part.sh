#!/usr/bin/env bash
# Net::NTP 1.5 (Debian bookworm, libnet-ntp-perl 1.5-3): the root dispersion has no fraction, and the root delay no whole seconds.
#
# Both are 32 bits in seconds, with the point in the middle (RFC 5905, section 6, "NTP Short Format"), and half the root delay plus the
# root dispersion bounds the error of a server (sections 4 and 11.1). Net::NTP takes the upper half of one and the lower half of the other: a
# dispersion below a second, that of nearly every server, is 0, printed as "0.0000", and a delay of 1.25 s is 0.25 s. The first server below
# may be 0.875 s off by its own word, and is taken for right to 0.025 s. ntplib 0.4.0 (PyPI) reads both. The server is a small program on loopback.
#
# Seen (what the server says, in seconds; Net::NTP; ntplib):
#   delay 0.05, dispersion 0.85: 0.0500 and 0.0000; 0.0500 and 0.8500
#   delay 1.25, dispersion 2.5: 0.2500 and 2.0000; 1.2500 and 2.5000
# Needs: root, perl, python3 with venv, unshare, Debian 12 (apt). Packets stay in a network namespace.
set -euo pipefail

VERSION=1.5-3

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "libnet-ntp-perl=$VERSION" > /dev/null 2>&1 || { echo "no libnet-ntp-perl $VERSION here"; exit 77; }
dpkg -x libnet-ntp-perl_*.deb .
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile ntplib==0.4.0 || { echo "no ntplib 0.4.0 here"; exit 77; }
cat > server.py << 'PYTHON'
import socket, struct, sys, time
delay, dispersion = (int(float(seconds) * 65536 + 0.5) for seconds in sys.argv[1:3])
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', 123))
print('up', flush=True)
while True:
    query, client = server.recvfrom(512)
    now = int((time.time() + 2208988800) * 2**32)
    head = struct.pack('>BBbbII4s', 0x24, 2, 6, -20, delay, dispersion, bytes([192, 0, 2, 1]))
    server.sendto(head + struct.pack('>QQQQ', now - (8 << 32), int.from_bytes(query[40:48], 'big'), now, now), client)
PYTHON
cat > ask.pl << 'PERL'
use Net::NTP qw(get_ntp_response);
my %answer = get_ntp_response('127.0.0.1', 123);
printf("%.4f and %.4f", $answer{'Root Delay'}, $answer{'Root Dispersion'});
PERL
cat > ask.py << 'PYTHON'
import ntplib
answer = ntplib.NTPClient().request('127.0.0.1', version=4)
print(f'{answer.root_delay:.4f} and {answer.root_dispersion:.4f}', end='')
PYTHON
unshare -n bash -c '
  ip link set lo up
  for says in "0.05 0.85" "1.25 2.5"; do
    rm -f state
    python3 server.py $says > state & server=$!
    trap "kill $server 2> /dev/null" EXIT
    until grep -qs up state; do sleep 0.1; done
    read -r delay dispersion <<< "$says"
    echo "delay $delay, dispersion $dispersion: $(perl -Iusr/share/perl5 ask.pl); $(venv/bin/python ask.py)"
    kill $server; wait $server || true
  done 2> /dev/null' | tee seen
[ "$(cat seen)" = "delay 0.05, dispersion 0.85: 0.0500 and 0.0000; 0.0500 and 0.8500
delay 1.25, dispersion 2.5: 0.2500 and 2.0000; 1.2500 and 2.5000" ]
