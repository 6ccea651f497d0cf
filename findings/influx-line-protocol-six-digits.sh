#!/usr/bin/env bash
# influx-line-protocol 0.1.5 (PyPI, the newest): a number with a fraction is written with six digits, so that large ones change.
#
# A field without a suffix is a 64-bit float in the line protocol of InfluxDB, some sixteen digits. str() of a metric writes it with "%g", which
# keeps six and says so nowhere: a time of 1234567.5 us becomes 1.23457e+06, wrong by 2.5 us; the seconds of a clock are cut to the
# nearest ten thousand, which is up to 83 minutes; and a position moves by some metres. A series of such times stands still for
# hours and then jumps. Whole numbers (int) and the timestamp of the line are written in full. line-protocol-parser 2.0.1 (PyPI) reads what
# came out, and reads the numbers right where Python's repr() wrote them.
#
# Seen (as given, and as read back from a line of each):
#   rtt_us 1234567.5: 1234570.0, with repr 1234567.5
#   sent_at 1767268800.25: 1767270000.0, with repr 1767268800.25
#   bits 987654321.0: 987654000.0, with repr 987654321.0
#   latitude 51.507351: 51.5074, with repr 51.507351
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile influx-line-protocol==0.1.5 line-protocol-parser==2.0.1 ||
  { echo "no influx-line-protocol 0.1.5 or line-protocol-parser 2.0.1 here"; exit 77; }
cat > write.py << 'PYTHON'
from influx_line_protocol import Metric
from line_protocol_parser import parse_line

for name, value in (("rtt_us", 1234567.5), ("sent_at", 1767268800.25), ("bits", 987654321.0), ("latitude", 51.507351)):
    metric = Metric("ping")
    metric.add_tag("probe", "7")
    metric.add_value(name, value)
    metric.with_timestamp(1767268800250000000)
    read = parse_line(str(metric))
    assert read["time"] == 1767268800250000000
    right = parse_line(f"ping,probe=7 {name}={value!r} 1767268800250000000")
    print(f"{name} {value}: {read['fields'][name]}, with repr {right['fields'][name]}")
PYTHON
seen=$(venv/bin/python write.py)
echo "$seen"
[ "$seen" = "rtt_us 1234567.5: 1234570.0, with repr 1234567.5
sent_at 1767268800.25: 1767270000.0, with repr 1767268800.25
bits 987654321.0: 987654000.0, with repr 987654321.0
latitude 51.507351: 51.5074, with repr 51.507351" ]
