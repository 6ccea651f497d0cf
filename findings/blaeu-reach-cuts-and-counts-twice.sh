#!/usr/bin/env bash
# blaeu 2.2.1 (PyPI, the newest): blaeu-reach cuts each round-trip time to whole milliseconds, and counts a duplicate as one more test.
#
# RIPE Atlas gives times with a thousandth of a millisecond. The average is made of the whole milliseconds of each answer: of a target
# near the probes it is 0, and half a millisecond too low everywhere. A second answer to one packet stands in `result` too, marked
# with "dup": 1; it makes a successful test of its own, so that loss is too small: 6 packets of which 5 were answered become 7 tests
# with 6 successes.
#
# Seen (answers of 0.9, 0.95, 0.99, 1.9 and 1.95 ms, the last one twice, and one timeout; the average of the five is 1.338 ms):
#   Tests: 6 successful tests (85.7 %), 0 errors (0.0 %), 1 timeouts (14.3 %), average RTT: 0 ms
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps blaeu==2.2.1 || { echo "no blaeu 2.2.1 here"; exit 77; }
seen=$("$folder/venv/bin/python" - "$folder/venv/bin/blaeu-reach" << 'PYTHON' | grep '^Tests'
import runpy, sys, time
import Blaeu

class Measurement:
    """What the program fetches of a measurement that is done."""
    num_probes = 2
    time = time.gmtime(1790000000)

    def __init__(self, data=None, id=None):
        self.id = id

    def results(self, **_):
        return [{"prb_id": 1, "sent": 3, "rcvd": 3, "result": [{"rtt": 0.9}, {"rtt": 0.95}, {"rtt": 0.99}]},
                {"prb_id": 2, "sent": 3, "rcvd": 2, "result": [{"rtt": 1.9}, {"rtt": 1.95}, {"rtt": 1.96, "dup": 1}, {"x": "*"}]}]

Blaeu.Measurement = Measurement
program = sys.argv[1]
sys.argv = [program, "--measurement-ID", "1", "192.0.2.9"]
runpy.run_path(program, run_name="__main__")
PYTHON
)
echo "$seen"
[ "$seen" = "Tests: 6 successful tests (85.7 %), 0 errors (0.0 %), 1 timeouts (14.3 %), average RTT: 0 ms" ]
