#!/usr/bin/env bash
# ripe.atlas.tools 3.4.1 with ripe.atlas.sagan 2.0.1 (PyPI, the newest): a time server that answers in less than half a millisecond is shown as lost.
#
# RIPE Atlas states the round-trip times of NTP in seconds. sagan rounds them to three digits behind the point, as it does with the
# milliseconds of other types: a packet of 0.4 ms has a round-trip time of 0.0, one of 1.4 ms 0.001. The renderer of
# `ripe-atlas report` then takes a time of 0.0 for none and writes the star of a packet without an answer, without its stamps and its
# offset. A server in the probe's own network (RFC 5905 was made for those, too) answers in 0.1 to 0.4 ms: all its packets seem
# lost, while the line above shows its stratum.
#
# Seen (round-trip times of 0.0004 s and 0.0014 s, offset 0.00025 s, each with all four stamps):
#   sagan: 0.0 0.001
#   report: [0] * | [1] 0.001|0.00025
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile ripe.atlas.tools==3.4.1 ripe.atlas.sagan==2.0.1 ||
  { echo "no ripe.atlas.tools 3.4.1 here"; exit 77; }
seen=$("$folder/venv/bin/python" -W ignore - << 'PYTHON'
import re
from ripe.atlas.sagan import Result
from ripe.atlas.tools.renderers.ntp import Renderer

SINCE_1900 = 1790000000 + 2208988800

def packet(rtt):
    middle = SINCE_1900 + rtt / 2 - 0.00025
    return {"rtt": rtt, "offset": 0.00025, "origin-ts": SINCE_1900, "receive-ts": middle, "transmit-ts": middle, "final-ts": SINCE_1900 + rtt}

result = Result.get({
    "type": "ntp", "fw": 5080, "timestamp": 1790000000, "msm_id": 1, "prb_id": 1, "af": 4, "proto": "UDP", "from": "192.0.2.1",
    "src_addr": "192.0.2.1", "dst_addr": "192.0.2.123", "dst_name": "192.0.2.123", "li": "no", "mode": "server", "version": 4, "stratum": 1,
    "poll": 8, "precision": 1e-06, "root-delay": 0.001, "root-dispersion": 0.001, "ref-id": "GPS", "ref-ts": SINCE_1900 - 9,
    "result": [packet(0.0004), packet(0.0014)],
}, on_error=Result.ACTION_FAIL, on_malformation=Result.ACTION_FAIL)
print("sagan:", *(each.rtt for each in result.packets))
print("report:", " | ".join(" ".join(line) for line in re.findall(r"(\[\d\]) (\S+)", Renderer.get_formatted_response(result))))
PYTHON
)
echo "$seen"
[ "$seen" = "sagan: 0.0 0.001
report: [0] * | [1] 0.001|0.00025" ]
