#!/usr/bin/env bash
# icmplib 3.0.4 (PyPI, the newest): losses below half a percent are none, and a host that never answers has the best times of all.
#
# `packet_loss` is documented as a float from 0 to 1, where 1 is "all packets are lost"; it is rounded to two digits. 4 lost of 1000 are
# 0.0, and of a host with 4 answers out of 1000 it is 1.0 while `is_alive` is true. Without an answer the round-trip time is undefined, and
# not short (RFC 2681, section 2.4); avg_rtt, min_rtt and max_rtt are 0.0 then, so that the nearest of several hosts, as multiping()
# gives them, is the one that is down. pingparsing and sagan say None.
#
# Seen (of hosts as ping() and multiping() return them):
#   996 of 1000: loss 0.0, alive True
#   4 of 1000: loss 1.0, alive True
#   nearest of 192.0.2.1 (12.0 ms) and 192.0.2.2 (no answer): 192.0.2.2, 0.0 ms
# Needs: python3 with venv. No packet is sent.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile icmplib==3.0.4 || { echo "no icmplib 3.0.4 here"; exit 77; }
seen=$("$folder/venv/bin/python" - << 'PYTHON'
from icmplib import Host

for answers in (996, 4):
    host = Host("192.0.2.1", 1000, [12.0] * answers)
    print(f"{answers} of 1000: loss {host.packet_loss}, alive {host.is_alive}")
nearest = min((Host("192.0.2.1", 3, [12.0, 12.0, 12.0]), Host("192.0.2.2", 3, [])), key=lambda host: host.avg_rtt)
print(f"nearest of 192.0.2.1 (12.0 ms) and 192.0.2.2 (no answer): {nearest.address}, {nearest.avg_rtt} ms")
PYTHON
)
echo "$seen"
[ "$seen" = "996 of 1000: loss 0.0, alive True
4 of 1000: loss 1.0, alive True
nearest of 192.0.2.1 (12.0 ms) and 192.0.2.2 (no answer): 192.0.2.2, 0.0 ms" ]
