#!/usr/bin/env bash
# haralyzer 2.4.0 (PyPI) and pagexray 4.4.4 (npm), both the newest: the time of the TLS handshake counts twice in what they make of a HAR file.
#
# In HAR 1.2 `ssl` is a part of `connect`, which holds the whole of making the connection, so that readers of HAR 1.1 stay right; the time of an
# entry is blocked + dns + connect + send + wait + receive, without it. haralyzer adds up all timings but `receive` for its
# time_to_first_byte, and pagexray all seven for the totalTime of an asset, so that each https page is slower by one handshake than it was. A
# connection that is used again has none: the same page looks that much faster over it, and http than https. Of this entry, which
# lasted 170 ms, the first byte came after 160 ms.
#
# Seen (dns 10, connect 100 of which ssl 80, wait 50, receive 10; milliseconds):
#   time of the entry: 170
#   haralyzer: first byte after 240
#   pagexray: in total 250
# Needs: python3 with venv, node >= 20 with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile --no-deps \
  haralyzer==2.4.0 cached-property==2.0.1 python-dateutil==2.9.0.post0 six==1.17.0 || { echo "no haralyzer 2.4.0 here"; exit 77; }
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . pagexray@4.4.4 > /dev/null || { echo "no pagexray 4.4.4 here"; exit 77; }
cat > page.har << 'HAR'
{ "log": { "version": "1.2", "creator": { "name": "by hand", "version": "1" },
  "pages": [{ "startedDateTime": "2026-01-01T12:00:00.000Z", "id": "page", "title": "page", "pageTimings": { "onLoad": 170 } }],
  "entries": [{ "pageref": "page", "startedDateTime": "2026-01-01T12:00:00.000Z", "time": 170,
    "request": { "method": "GET", "url": "https://www.example/", "httpVersion": "HTTP/1.1", "cookies": [], "queryString": [],
      "headers": [{ "name": "Host", "value": "www.example" }], "headersSize": -1, "bodySize": 0 },
    "response": { "status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "redirectURL": "",
      "content": { "size": 100, "mimeType": "text/html" }, "headersSize": -1, "bodySize": 100 },
    "cache": {}, "timings": { "blocked": -1, "dns": 10, "connect": 100, "ssl": 80, "send": 0, "wait": 50, "receive": 10 } }] } }
HAR
cat > read.py << 'PYTHON'
from haralyzer import HarParser

page = HarParser.from_file("page.har").pages[0]
entry = page.entries[0]
times = entry.timings
assert entry.time == sum(max(times[name], 0) for name in ("blocked", "dns", "connect", "send", "wait", "receive"))
print(f"time of the entry: {entry.time}\nharalyzer: first byte after {page.time_to_first_byte}")
PYTHON
{
  venv/bin/python read.py
  node -e '
    const [page] = require("pagexray").convert(JSON.parse(require("fs").readFileSync("page.har", "utf8")), { includeAssets: true });
    console.log(`pagexray: in total ${page.assets[0].totalTime}`);'
} | tee seen
[ "$(cat seen)" = "time of the entry: 170
haralyzer: first byte after 240
pagexray: in total 250" ]
