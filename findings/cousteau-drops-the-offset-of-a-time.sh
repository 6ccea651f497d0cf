#!/usr/bin/env bash
# ripe.atlas.cousteau 2.3.1 (PyPI, the newest): `start` and `stop` lose their offset from UTC, and other hours are fetched or measured.
#
# 2026-01-01T14:00:00+02:00 and 2026-01-01T12:00:00Z are one instant (RFC 3339, section 4.2; ISO 8601). Text is parsed with its offset, which
# timetuple() then leaves out: the request asks for 14:00 UTC. So it does for a datetime that has a time zone. Its list of changes
# says that these times are always in UTC. No error and no warning: a program on a clock in summer time gets results of two hours later,
# and AtlasCreateRequest starts the measurement then.
#
# Seen (seconds since 1970; the instant is 1767268800):
#   2026-01-01T12:00:00Z: 1767268800
#   2026-01-01T14:00:00+02:00: 1767276000
#   2026-01-01T07:00:00-05:00: 1767250800
#   a datetime of UTC+02:00: 1767276000, start_time of a measurement 1767276000
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile ripe.atlas.cousteau==2.3.1 ||
  { echo "no ripe.atlas.cousteau 2.3.1 here"; exit 77; }
seen=$("$folder/venv/bin/python" -W ignore - << 'PYTHON'
from datetime import datetime, timedelta, timezone
from ripe.atlas.cousteau import AtlasCreateRequest, AtlasResultsRequest

def start(value):
    return AtlasResultsRequest(msm_id=1, start=value).http_method_args["params"]["start"]

for text in ("2026-01-01T12:00:00Z", "2026-01-01T14:00:00+02:00", "2026-01-01T07:00:00-05:00"):
    print(f"{text}: {start(text)}")
time = datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2)))
measurement = AtlasCreateRequest(measurements=[], sources=[], start_time=time)
measurement._construct_post_data()  # what create() sends
print(f"a datetime of UTC+02:00: {start(time)}, start_time of a measurement {measurement.post_data['start_time']}")
PYTHON
)
echo "$seen"
[ "$seen" = "2026-01-01T12:00:00Z: 1767268800
2026-01-01T14:00:00+02:00: 1767276000
2026-01-01T07:00:00-05:00: 1767250800
a datetime of UTC+02:00: 1767276000, start_time of a measurement 1767276000" ]
