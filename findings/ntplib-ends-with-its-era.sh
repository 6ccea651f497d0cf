#!/usr/bin/env bash
# ntplib 0.4.0 (PyPI, the newest): at the end of NTP's first era an offset is 136 years, and from then on no server can be asked.
#
# The 32 bits of seconds start again on 7 February 2036 at 06:28:16 UTC (RFC 5905, section 6); a client takes the differences of timestamps modulo
# 2^32, which is right as long as the clocks are less than 68 years apart. ntplib subtracts them as numbers: of a server whose clock is
# one second ahead and already in the next era the offset is -4294967295 s, and its time the year 1900. After that day request() cannot
# write the client's own time into the packet, and raises "Invalid NTP packet fields" each time. The server here is on loopback, and
# time.time() says what the client's clock would.
#
# Seen (a server one second ahead; the client's clock in UTC, the offset in whole seconds, and the server's year):
#   2026-12-31 00:00:00: 1 s, 2026
#   2036-02-07 06:28:13: 1 s, 2036
#   2036-02-07 06:28:15: -4294967295 s, 1900
#   2036-02-07 06:28:30: Invalid NTP packet fields.
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile ntplib==0.4.0 || { echo "no ntplib 0.4.0 here"; exit 77; }
cat > ask.py << 'PYTHON'
import calendar, socket, struct, threading, time

import ntplib

def answer(server):
    """One answer of a primary server (RFC 5905, section 7.3) whose clock is a second ahead of time.time()."""
    request, client = server.recvfrom(512)
    stamp = struct.pack(">II", (int(time.time()) + 1 + ntplib.NTP.NTP_DELTA) % 2**32, 0)
    server.sendto(struct.pack(">BBbb", 0x24, 1, 4, -20) + bytes(8) + b"GPS\0" + stamp + request[40:48] + stamp + stamp, client)

for text in ("2026-12-31 00:00:00", "2036-02-07 06:28:13", "2036-02-07 06:28:15", "2036-02-07 06:28:30"):
    now = calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))
    time.time = lambda: now
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    threading.Thread(target=answer, args=(server,), daemon=True).start()
    try:
        said = ntplib.NTPClient().request("127.0.0.1", version=4, port=server.getsockname()[1], timeout=20)
        print(f"{text}: {said.offset:.0f} s, {time.gmtime(said.tx_time).tm_year}")
    except ntplib.NTPException as error:
        print(f"{text}: {error}")
PYTHON
seen=$(venv/bin/python ask.py)
echo "$seen"
[ "$seen" = "2026-12-31 00:00:00: 1 s, 2026
2036-02-07 06:28:13: 1 s, 2036
2036-02-07 06:28:15: -4294967295 s, 1900
2036-02-07 06:28:30: Invalid NTP packet fields." ]
