#!/usr/bin/env bash
# dnsdiag 2.10.0 (PyPI, the newest): dnseval asks no more after the first query that is lost, so one of ten is a loss of 10 to 100 %.
#
# `-c` is "Number of requests to send", and `lost(%)` stands beside the times by which resolvers are compared. The loop of queries ends at a
# timeout, and the loss is counted over those that were sent until then: it says where the first loss fell, and not how much was lost (RFC 2680,
# section 4: lost over all that were sent). A resolver that loses its first query and would answer the other nine has 100 %,
# "No Response", and an average of 0 ms, which is the best in the table. dnsping of the same package goes on.
#
# Seen (ten queries, of which the server leaves one without an answer):
#   the 1st: asked 1 times, lost 100 %, No Response
#   the 3rd: asked 3 times, lost 33 %, NOERROR
#   the 10th: asked 10 times, lost 10 %, NOERROR
# Needs: python3 with venv. Nothing leaves the loopback address.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile dnsdiag==2.10.0 || { echo "no dnsdiag 2.10.0 here"; exit 77; }
echo 127.0.0.1 > servers
cat > ask.py << 'PYTHON'
import json, os, socket, struct, subprocess, threading

def serve(server, lost, asked):
    while True:
        query, client = server.recvfrom(4096)
        asked.append(query)
        if len(asked) == lost:
            continue
        end = 12
        while query[end]:
            end += query[end] + 1
        header = query[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0)
        address = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 300, 4) + bytes([192, 0, 2, 1])
        server.sendto(header + query[12:end + 5] + address, client)

for lost, name in ((1, "1st"), (3, "3rd"), (10, "10th")):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    asked = []
    threading.Thread(target=serve, args=(server, lost, asked), daemon=True).start()
    subprocess.run(["venv/bin/dnseval", "--skip-warmup", "-f", "servers", "-c", "10", "-w", "2", "-p", str(server.getsockname()[1]),
                    "-j", "out.json", "x.example"], check=True, stdout=subprocess.DEVNULL)
    seen = json.loads(open("out.json").read().strip().splitlines()[-1])["data"]
    print(f"the {name}: asked {len(asked)} times, lost {seen['r_lost_percent']:.0f} %, {seen['rcode_text']}")
    os.remove("out.json")
PYTHON
seen=$(venv/bin/python ask.py)
echo "$seen"
[ "$seen" = 'the 1st: asked 1 times, lost 100 %, No Response
the 3rd: asked 3 times, lost 33 %, NOERROR
the 10th: asked 10 times, lost 10 %, NOERROR' ]
