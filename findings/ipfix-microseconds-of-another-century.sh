#!/usr/bin/env bash
# ipfix 0.9.7 (PyPI, the newest): times with microseconds and nanoseconds are written and read 70 years away from where they belong.
#
# dateTimeMicroseconds and dateTimeNanoseconds are NTP timestamps, of which the seconds count from 1900 (RFC 7011, sections 6.1.9 and 6.1.10);
# dateTimeSeconds and dateTimeMilliseconds count from 1970. The library, which says of the former "in NTP format", takes the layout
# and leaves the 2208988800 seconds between the two out. It reads back what it wrote, so that no test with it alone shows it. A flow of
# 2026 that it exports began in 1956 to a collector, and one of a real exporter that it reads begins in 2096; where a start in
# milliseconds stands beside an end in microseconds the flow lasts 70 years. netflume 0.6.0 (PyPI) adds the seconds as the RFC says.
#
# Seen (2026-01-01T12:00:00.250Z, once in milliseconds and once in microseconds):
#   of ipfix, read by ipfix: 2026-01-01 12:00:00.250000 and 2026-01-01 12:00:00.250000
#   of ipfix, read by netflume: 1767268800.25 and -441719999.75 seconds since 1970
#   as the RFC says, read by netflume: 1767268800.25 and 1767268800.25 seconds since 1970
#   as the RFC says, read by ipfix: 2026-01-01 12:00:00.250000 and 2096-01-01 12:00:00.250000
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile ipfix==0.9.7 netflume==0.6.0 ||
  { echo "no ipfix 0.9.7 or netflume 0.6.0 here"; exit 77; }
cat > read.py << 'PYTHON'
import struct
from datetime import datetime

import ipfix.ie
import ipfix.message
import ipfix.template
import netflume

ipfix.ie.use_iana_default()
names = ("flowStartMilliseconds", "flowStartMicroseconds")
start = datetime(2026, 1, 1, 12, 0, 0, 250000)
buffer = ipfix.message.MessageBuffer()
buffer.begin_export(1)
buffer.add_template(ipfix.template.from_ielist(256, ipfix.ie.spec_list(names)))
buffer.export_new_set(256)
buffer.export_namedict({name: start for name in names})
written = bytes(buffer.to_bytes())
# the last eight bytes are the second time: seconds since 1900, and a fraction in units of 2^-32 s
right = written[:-8] + struct.pack(">II", 1767268800 + 2208988800, 1 << 30)

def by_ipfix(message):
    reader = ipfix.message.MessageBuffer()
    reader.from_bytes(message)
    [record] = reader.namedict_iterator()
    return " and ".join(str(record[name]) for name in names)

def by_netflume(message):
    _, [record], _ = netflume.parse_message(message, ("192.0.2.1", 4739), netflume.TemplateStore())
    return f"{record['flow_start_ms'] / 1000} and {record['flow_start_us']} seconds since 1970"

print("of ipfix, read by ipfix:", by_ipfix(written))
print("of ipfix, read by netflume:", by_netflume(written))
print("as the RFC says, read by netflume:", by_netflume(right))
print("as the RFC says, read by ipfix:", by_ipfix(right))
PYTHON
seen=$(venv/bin/python -W ignore read.py)
echo "$seen"
[ "$seen" = "of ipfix, read by ipfix: 2026-01-01 12:00:00.250000 and 2026-01-01 12:00:00.250000
of ipfix, read by netflume: 1767268800.25 and -441719999.75 seconds since 1970
as the RFC says, read by netflume: 1767268800.25 and 1767268800.25 seconds since 1970
as the RFC says, read by ipfix: 2026-01-01 12:00:00.250000 and 2096-01-01 12:00:00.250000" ]
