#!/usr/bin/env bash
# ripe.atlas.tools 3.4.1 (PyPI, the newest): the summary of `ripe-atlas report` takes a lost ping for a round-trip time of 0 ms.
#
# RIPE Atlas writes a timeout as {"x": "*"}, and -1 as min, avg and max of a result without an answer: neither is a time. The renderer puts
# 0 into the list that median and mean are made of, and 0 into that of the minima. With one probe in three that gets
# nothing, the target "answers" in 0 ms, and the more is lost the faster it seems; the loss in the line above is right. ping(8)
# and scamper take their figures over the answers alone.
#
# Seen (answers of 100, 110, 120 and 130 ms; five of nine packets lost):
#   9 packets transmitted, 4 received, 55.6% loss
#   rtt min/med/avg/max = 0.000/0.000/51.111/130.000 ms
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile ripe.atlas.tools==3.4.1 ripe.atlas.sagan==2.0.1 ||
  { echo "no ripe.atlas.tools 3.4.1 here"; exit 77; }
seen=$("$folder/venv/bin/python" - << 'PYTHON'
from argparse import Namespace
from ripe.atlas.sagan import Result
from ripe.atlas.tools.renderers.ping import Renderer

def ping(probe, *answers):
    times = [each for each in answers if each is not None]
    return Result.get({
        "type": "ping", "fw": 5080, "timestamp": 1790000000, "msm_id": 1, "prb_id": probe, "af": 4, "proto": "ICMP", "size": 48, "ttl": 60,
        "from": "192.0.2.1", "src_addr": "192.0.2.1", "dst_addr": "192.0.2.9", "dst_name": "192.0.2.9",
        "sent": len(answers), "rcvd": len(times), "dup": 0,
        "min": min(times, default=-1), "max": max(times, default=-1), "avg": sum(times) / len(times) if times else -1,
        "result": [{"x": "*"} if each is None else {"rtt": each} for each in answers]})

# the report asks RIPE Atlas who the probes are before it hands each result to this
renderer = Renderer(arguments=Namespace(show_header=True, show_footer=True))
for result in (ping(1, 100.0, None, None), ping(2, 110.0, 120.0, 130.0), ping(3, None, None, None)):
    renderer.on_result(result)
print("\n".join(renderer.footer().strip().splitlines()[1:]))
PYTHON
)
echo "$seen"
[ "$seen" = "9 packets transmitted, 4 received, 55.6% loss
rtt min/med/avg/max = 0.000/0.000/51.111/130.000 ms" ]
