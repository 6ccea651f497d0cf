#!/usr/bin/env bash
# tdigest 0.1.3 and prom-client 15.1.3 (npm), tdigest 0.5.2.2 (PyPI), all the newest: where times repeat, percentiles are up to ninety times too large.
#
# A quantile is a value that the given share of the values does not exceed (RFC 2330, section 11.3). Round-trip times repeat: ping gives whole
# milliseconds from 100 ms on, others everywhere. Both digests merge equal values into one centroid of any weight and draw
# a straight line from the middle of one centroid to the middle of the next: all that lies between two times that occur is filled, in the
# place of the times themselves. Of 990 times of 10 ms and 10 of 1000 ms the 95th percentile is 911 ms. The one of PyPI also continues the
# line to the left, below the smallest value: a time below zero. prom-client makes the quantiles of a Summary with the npm package; a
# digest with delta = false is exact there, which prom-client cannot be told.
#
# Seen (990 times of 10 ms, 10 of 1000 ms; all percentiles up to the 99th are 10 ms):
#   tdigest, npm: 50: 19.9, 75: 514.9, 95: 910.9
#   prom-client: 50: 19.9, 75: 514.9, 95: 910.9
#   tdigest, PyPI: 1: -950.3, 50: 19.9, 75: 514.9, 95: 910.9
# Needs: node >= 20 with npm, python3 with venv.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . tdigest@0.1.3 prom-client@15.1.3 > /dev/null || { echo "no tdigest 0.1.3 or prom-client 15.1.3 here"; exit 77; }
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile tdigest==0.5.2.2 || { echo "no tdigest 0.5.2.2 here"; exit 77; }
cat > npm.js << 'JAVASCRIPT'
const { TDigest } = require('tdigest');
const { Summary } = require('prom-client');
const shares = [0.5, 0.75, 0.95];
const digest = new TDigest();
const summary = new Summary({ name: 'rtt', help: 'ms', percentiles: shares });
for (const [ms, times] of [[10, 990], [1000, 10]])
  for (let i = 0; i < times; i++) {
    digest.push(ms);
    summary.observe(ms);
  }
const line = (values) => shares.map((share, i) => `${share * 100}: ${values[i].toFixed(1)}`).join(', ');
console.log(`tdigest, npm: ${line(digest.percentile(shares))}`);
summary.get().then(({ values }) =>
  console.log(`prom-client: ${line(shares.map((share) => values.find(({ labels }) => labels.quantile === share).value))}`));
JAVASCRIPT
cat > pypi.py << 'PYTHON'
from tdigest import TDigest

digest = TDigest()
for ms, times in ((10, 990), (1000, 10)):
    for _ in range(times):
        digest.update(ms)
print("tdigest, PyPI: " + ", ".join(f"{share}: {digest.percentile(share):.1f}" for share in (1, 50, 75, 95)))
PYTHON
seen=$(node npm.js; venv/bin/python pypi.py)
echo "$seen"
[ "$seen" = "tdigest, npm: 50: 19.9, 75: 514.9, 95: 910.9
prom-client: 50: 19.9, 75: 514.9, 95: 910.9
tdigest, PyPI: 1: -950.3, 50: 19.9, 75: 514.9, 95: 910.9" ]
