#!/usr/bin/env bash
# ripe.atlas.tools 3.4.1 with ripe.atlas.sagan 2.0.1 (PyPI, both the newest): an NTP result loses its root delay, and its reference
# time is 70 years late.
#
# RIPE Atlas gives root-delay in seconds, with fractions, and ref-ts in seconds since 1900, as the four timestamps of a packet (RFC 5905,
# sections 6 and 7.3). sagan documents root_delay as float and cuts it to whole seconds: it is 0 for nearly every
# server, so an error bound of half the root delay plus the root dispersion is the dispersion alone. The renderer of `ripe-atlas report`
# reads ref-ts as seconds since 1970, in the time zone of the reader; the packets below it, counted from 1900, are right.
#
# Seen (a server that was set in September 2026):
#   root_delay 0 of 0.0426
#   root_delay: 0, root_disp: 0.0312
#   ref-time: 2096-09-20 14:13:20
#   trans: 2026-09-21 14:13:22+00:00 -> recv: 2026-09-21 14:13:21+00:00
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder TZ=UTC
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile ripe.atlas.tools==3.4.1 ripe.atlas.sagan==2.0.1 ||
  { echo "no ripe.atlas.tools 3.4.1 here"; exit 77; }
seen=$("$folder/venv/bin/python" - << 'PYTHON'
from ripe.atlas.sagan import Result
from ripe.atlas.tools.renderers.ntp import Renderer

now = 1790000000 + 2208988800  # 2026-09-21, in seconds since 1900
result = Result.get({
    "type": "ntp", "fw": 5080, "timestamp": 1790000000, "msm_id": 1, "prb_id": 1, "af": 4, "proto": "UDP",
    "src_addr": "192.0.2.1", "dst_addr": "192.0.2.9", "dst_name": "ntp.example", "li": "no", "version": 4, "mode": "server", "stratum": 2,
    "poll": 8, "precision": 1e-6, "root-delay": 0.0426, "root-dispersion": 0.0312, "ref-id": "192.0.2.7", "ref-ts": float(now),
    "result": [{"origin-ts": now + 0.0, "receive-ts": now + 1.0, "transmit-ts": now + 2.0, "final-ts": now + 3.0, "rtt": 2.0, "offset": 0.0}]})
print("root_delay", result.root_delay, "of", result.raw_data["root-delay"])
for line in Renderer.get_formatted_response(result).splitlines():
    if line.strip().startswith(("root_delay", "ref-time", "trans")):
        print(line.strip())
PYTHON
)
echo "$seen"
[ "$seen" = "root_delay 0 of 0.0426
root_delay: 0, root_disp: 0.0312
ref-time: 2096-09-20 14:13:20
trans: 2026-09-21 14:13:22+00:00 -> recv: 2026-09-21 14:13:21+00:00" ]
