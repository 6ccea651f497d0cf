#!/usr/bin/env bash
# parse-prometheus-text-format 1.1.1 (npm, the newest): all series of a histogram or a summary become one, with the figures of the last, and no count.
#
# A histogram has a series for each set of labels (Prometheus, exposition formats: a series is its name and all of its labels), such as the
# round-trip times to each host. The parser puts the buckets of all hosts into one object without a label, in which the last host of the text
# overwrites the others, and leaves out `sum` and `count` where a series has a label. Counters and gauges keep theirs. Its README says that the
# result is meant to be that of prom2json, which has labels, count and sum for each. No error: a mean or a quantile of one host is taken for that
# of all. The text is written by prom-client 15.1.3; prometheus-client 0.22.1 (PyPI) reads it right.
#
# Seen (a host near by, 100 answers in 5 ms; one far away, 7 answers in 500 ms):
#   prometheus-client: near: 100 of 100 within 10 ms, sum 0.5
#   prometheus-client: far: 0 of 7 within 10 ms, sum 3.5
#   parse-prometheus-text-format: [{"buckets":{"0.01":"0","0.1":"0","+Inf":"7"}}]
#   parse-prometheus-text-format: [{"quantiles":{"0.5":"0.5"}}]
# Needs: node >= 20 with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . parse-prometheus-text-format@1.1.1 prom-client@15.1.3 > /dev/null ||
  { echo "no parse-prometheus-text-format 1.1.1 or prom-client 15.1.3 here"; exit 77; }
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile prometheus-client==0.22.1 || { echo "no prometheus-client 0.22.1 here"; exit 77; }
cat > write.js << 'JAVASCRIPT'
const { Histogram, Summary, register } = require('prom-client');
const labelNames = ['host'];
const times = new Histogram({ name: 'rtt_seconds', help: 'round-trip time', labelNames, buckets: [0.01, 0.1] });
const middle = new Summary({ name: 'middle_seconds', help: 'median of it', labelNames, percentiles: [0.5] });
for (const [host, seconds, answers] of [['near', 0.005, 100], ['far', 0.5, 7]])
  for (let i = 0; i < answers; i++) for (const metric of [times, middle]) metric.observe({ host }, seconds);
register.metrics().then(console.log);
JAVASCRIPT
cat > read.py << 'PYTHON'
from prometheus_client.parser import text_string_to_metric_families

values = {(sample.name, sample.labels["host"], sample.labels.get("le")): sample.value
          for family in text_string_to_metric_families(open("text").read()) for sample in family.samples}
for host in ("near", "far"):
    within, count = values["rtt_seconds_bucket", host, "0.01"], values["rtt_seconds_count", host, None]
    print(f"prometheus-client: {host}: {within:.0f} of {count:.0f} within 10 ms, sum {values['rtt_seconds_sum', host, None]:.1f}")
PYTHON
cat > read.js << 'JAVASCRIPT'
const parse = require('parse-prometheus-text-format');
for (const { metrics } of parse(require('fs').readFileSync('text', 'utf8')))
  console.log(`parse-prometheus-text-format: ${JSON.stringify(metrics)}`);
JAVASCRIPT
node write.js > text
seen=$(venv/bin/python read.py; node read.js)
echo "$seen"
[ "$seen" = 'prometheus-client: near: 100 of 100 within 10 ms, sum 0.5
prometheus-client: far: 0 of 7 within 10 ms, sum 3.5
parse-prometheus-text-format: [{"buckets":{"0.01":"0","0.1":"0","+Inf":"7"}}]
parse-prometheus-text-format: [{"quantiles":{"0.5":"0.5"}}]' ]
