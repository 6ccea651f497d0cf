#!/usr/bin/env bash
# @datadog/sketches-js 2.1.1 (npm): a DDSketch that was written and read back has its count, and the sum 0; a missing value counts.
#
# The protobuf of DDSketch holds bins only. The documentation of fromProto says that `min` and `max` are lost; `sum` is lost as well,
# without a word, so that sum / count of a sketch that came from elsewhere is 0, also after merge(). accept(undefined) and
# accept(null) count as 0: three pings without an answer have a median of 0 ms. toProto needs protobufjs, which is no dependency.
#
# Output seen:
#   before: count 2 sum 1010 min 10 max 1000
#   read back: count 2 sum 0 min Infinity max -Infinity
#   merged: count 2 sum 0
#   missing values: count 3 median 0
#   toProto without protobufjs: MODULE_NOT_FOUND
#
# Needs: node >= 20 with npm.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . @datadog/sketches-js@2.1.1 > /dev/null
alone=$(node -e '
  const { DDSketch } = require("@datadog/sketches-js");
  try { new DDSketch().toProto(); console.log("works"); } catch ({ code }) { console.log(code); }')
npm install --silent --no-audit --no-fund --prefix . protobufjs@7.5.4 > /dev/null 2>&1
seen=$(node -e '
  const { DDSketch } = require("@datadog/sketches-js");
  const sketch = new DDSketch();
  for (const ms of [10, 1000]) sketch.accept(ms);
  const back = DDSketch.fromProto(sketch.toProto());
  const merged = new DDSketch();
  merged.merge(back);
  const missing = new DDSketch();
  for (const ms of [undefined, undefined, null]) missing.accept(ms);
  const figures = ({ count, sum, min, max }) => `count ${count} sum ${sum} min ${min} max ${max}`;
  console.log(`before: ${figures(sketch)}`);
  console.log(`read back: ${figures(back)}`);
  console.log(`merged: count ${merged.count} sum ${merged.sum}`);
  console.log(`missing values: count ${missing.count} median ${missing.getValueAtQuantile(0.5)}`);')
seen="$seen
toProto without protobufjs: $alone"
echo "$seen"
[ "$seen" = 'before: count 2 sum 1010 min 10 max 1000
read back: count 2 sum 0 min Infinity max -Infinity
merged: count 2 sum 0
missing values: count 3 median 0
toProto without protobufjs: MODULE_NOT_FOUND' ]
