#!/usr/bin/env bash
# httpstat 2.0.0 (PyPI, the newest) with curl 7.88.1 (Debian bookworm): after a redirect the server's time holds the whole way there.
#
# Options of curl are allowed behind the URL, `-L` among them. curl counts starttransfer and total from the start of the first request, and
# says in time_redirect how much of that went into redirects (curl(1), --write-out); pretransfer is that of the last request alone. httpstat
# asks for time_redirect as well, shows it nowhere, and takes starttransfer - pretransfer for "Server Processing": the time of a
# fast server is that of the slow one that sent us there. Its JSON has the status of the first
# answer, the address of the last, and the headers of both in one.
#
# Seen (a server that redirects after 600 ms to one that answers after 100 ms; the second asked alone, and through the first):
#   alone: status 200, server below 400 ms
#   with -L: status 302, server above 600 ms, port of the second
# Needs: python3 with venv, curl 7.88.1 (apt).
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
curl --version 2> /dev/null | grep -q '^curl 7\.88\.1 ' || { echo "no curl 7.88.1 here"; exit 77; }
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile httpstat==2.0.0 || { echo "no httpstat 2.0.0 here"; exit 77; }
cat > serve.py << 'PYTHON'
import threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Target(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.1)
        self.send_response(200)
        self.send_header('Content-Length', '5')
        self.end_headers()
        self.wfile.write(b'here\n')

class Redirect(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.6)
        self.send_response(302)
        self.send_header('Location', f'http://127.0.0.1:{target.server_port}/')
        self.send_header('Content-Length', '0')
        self.end_headers()

target = ThreadingHTTPServer(('127.0.0.1', 0), Target)
redirect = ThreadingHTTPServer(('127.0.0.1', 0), Redirect)
threading.Thread(target=target.serve_forever, daemon=True).start()
print(target.server_port, redirect.server_port, flush=True)
redirect.serve_forever()
PYTHON
python3 serve.py > ports 2> /dev/null &
server=$!
until [ -s ports ]; do sleep 0.1; done
read -r target redirect < ports
ask() { HTTPSTAT_SAVE_BODY=false TMPDIR="$folder" venv/bin/httpstat "$@" --format json; }
ask "http://127.0.0.1:$target/" > alone
ask "http://127.0.0.1:$redirect/" -L > redirected
cat > read.py << 'PYTHON'
import json, sys

alone, redirected = (json.load(open(name)) for name in ('alone', 'redirected'))
took = lambda said: said['timings_ms']['server']
print(f"alone: status {alone['response']['status_code']}, server {'below 400' if took(alone) < 400 else took(alone)} ms")
print(f"with -L: status {redirected['response']['status_code']}, server {'above 600' if took(redirected) > 600 else took(redirected)} ms, "
      f"port of the {'second' if redirected['response']['remote_port'] == sys.argv[1] else 'first'}")
PYTHON
seen=$(python3 read.py "$target")
echo "$seen"
[ "$seen" = "alone: status 200, server below 400 ms
with -L: status 302, server above 600 ms, port of the second" ]
