#!/usr/bin/env bash
# drill of ldns 1.8.3 (Debian bookworm, ldnsutils 1.8.3-1+b1): "Query time" runs from the first attempt; in dig and kdig from the last.
#
# A resolver that loses one query and answers the next at once was waited for five seconds. drill says 5000 ms, and nothing of a loss; dig of
# BIND 9.18.49 says 0 ms and kdig 3.2.6 the same, each with a line of warning in front that is no part of the time. No manual page of the
# three says from when it is counted; a delay runs from a packet to its own answer (RFC 2681). An average of drill's times is made of
# timeouts: with 1 % lost and 1 ms otherwise it is 51 ms. One of dig's does not know that its users wait. Whoever goes from one to the
# other sees a change that was none.
#
# Seen (a server that does not answer the first query, and the second at once):
#   drill: 5 s, 2 queries, nothing of a loss
#   dig: 0 s, 2 queries, timed out once
#   kdig: 0 s, 2 queries, timed out once
# Needs: Debian 12 on amd64 (apt, the libraries of bind9-dnsutils), python3. Nothing leaves the loopback address.
set -euo pipefail

LDNS=1.8.3-1+b1 BIND=1:9.18.49-1~deb12u3 KNOT=3.2.6-1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "ldnsutils=$LDNS" "libldns3=$LDNS" "bind9-dnsutils=$BIND" "knot-dnsutils=$KNOT" "libknot13=$KNOT" "libdnssec9=$KNOT" \
  libfstrm0 liblmdb0 libbpf1 libxdp1 libnghttp2-14 libedit2 > /dev/null 2>&1 || { echo "no ldnsutils $LDNS, bind9-dnsutils $BIND or knot-dnsutils $KNOT here"; exit 77; }
for package in *.deb; do dpkg -x "$package" .; done
cat > ask.py << 'PYTHON'
import os, re, socket, subprocess, threading

def serve(server, asked):
    while True:
        query, client = server.recvfrom(4096)
        asked.append(query)
        if len(asked) == 1:
            continue
        end = 12
        while query[end]:
            end += query[end] + 1
        header = query[:2] + bytes.fromhex("8180 0001 0001 0000 0000")
        server.sendto(header + query[12:end + 5] + bytes.fromhex("c00c 0001 0001 0000012c 0004 c0000201"), client)

libraries = {**os.environ, "LD_LIBRARY_PATH": os.path.abspath("usr/lib/x86_64-linux-gnu")}
for tool, environment in (("drill", libraries), ("dig", os.environ), ("kdig", libraries)):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    asked = []
    threading.Thread(target=serve, args=(server, asked), daemon=True).start()
    told = subprocess.run([f"usr/bin/{tool}", "-p", str(server.getsockname()[1]), "@127.0.0.1", "a.example"],
                          check=True, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    milliseconds = float(re.search(r"(?:Query time:|\bin) ([0-9.]+) m?s", told)[1])
    losses = len(re.findall(r"timed out|timeout", told))
    print(f"{tool}: {milliseconds / 1000:.0f} s, {len(asked)} queries, {'timed out once' if losses == 1 else 'nothing of a loss' if losses == 0 else losses}")
PYTHON
seen=$(python3 ask.py)
echo "$seen"
[ "$seen" = "drill: 5 s, 2 queries, nothing of a loss
dig: 0 s, 2 queries, timed out once
kdig: 0 s, 2 queries, timed out once" ]
