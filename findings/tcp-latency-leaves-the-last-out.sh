#!/usr/bin/env bash
# tcp-latency 0.0.12 (PyPI, the newest): the summary of the command leaves the last attempt out, so that there is always a loss.
#
# "N out of M packets transmitted successfully" and the line of min, avg and max are printed before the result of the last attempt is added to the
# list that they are made of. Of five connections that were all made, the default, it says 4 out of 5; of one it says that all failed. The
# figures lack the last time, which may be the smallest or the greatest. (Loss is what was not answered of all that was sent: RFC 2680,
# section 4.) measure_latency() returns all of them.
#
# Seen (a server that accepts each connection):
#   5 attempts: 5 with a time, 4 out of 5 packets transmitted successfully
#   1 attempt: 1 with a time, All 1 transmissions failed
#   measure_latency(): 5 times
# Needs: python3 with venv. Nothing leaves the loopback address.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile tcp-latency==0.0.12 || { echo "no tcp-latency 0.0.12 here"; exit 77; }
cat > ask.py << 'PYTHON'
import re, socket, subprocess, threading
from tcp_latency import measure_latency

server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
kept = []  # each connection stays open

def accept():
    while True:
        kept.append(server.accept()[0])

threading.Thread(target=accept, daemon=True).start()
for runs, word in ((5, "attempts"), (1, "attempt")):
    told = subprocess.run(["venv/bin/tcp-latency", "127.0.0.1", "--port", str(port), "--runs", str(runs), "--wait", "0.05"],
                          check=True, capture_output=True, text=True).stdout
    times = len(re.findall(r" time=[0-9.]+ ms", told))
    print(f"{runs} {word}: {times} with a time, {re.search('.*(successfully|failed)$', told, re.M)[0]}")
print(f"measure_latency(): {len(measure_latency(host='127.0.0.1', port=port, runs=5, wait=0.05))} times")
PYTHON
seen=$(venv/bin/python ask.py)
echo "$seen"
[ "$seen" = "5 attempts: 5 with a time, 4 out of 5 packets transmitted successfully
1 attempt: 1 with a time, All 1 transmissions failed
measure_latency(): 5 times" ]
