#!/usr/bin/env bash
# dig of BIND 9.18.49 (Debian bookworm, 1:9.18.49-1~deb12u3): what +yaml prints of EDNS options is cut short, another number, or no YAML.
#
# The name of a server (NSID, RFC 5001), the cookie (RFC 7873) and the text of an extended error (RFC 8914) are printed as they are:
# the first two without quotation marks, the third between marks without a backslash before those in it. To a reader of YAML a name is cut
# at " #", where a comment begins; a cookie of digits alone, as +qr shows of the query, is a number, octal if it begins with 0; and a backslash in
# the text is the start of an escape. A quotation mark in the text makes the whole document unreadable. TXT records are quoted rightly.
# A survey of anycast by NSID loses whole answers, or their last part.
#
# Seen (as PyYAML 6.0.3 reads it):
#   NSID "fra #2": 66 72 61 20 23 32 ("fra
#   cookie 0012345670123456: 718046013230
#   text "see zone C:\new": has a line feed, 14 characters
#   text "blocked by \"policy\"": no YAML
# Needs: Debian bookworm (apt, the libraries of bind9-dnsutils), python3 with venv. Nothing leaves the loopback address.
set -euo pipefail
VERSION=1:9.18.49-1~deb12u3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder
cd "$folder"
apt-get download -q "bind9-dnsutils=$VERSION" > /dev/null 2>&1 || { echo "bind9-dnsutils $VERSION cannot be had: apt-get update" >&2; exit 2; }
dpkg -x bind9-dnsutils_*.deb .
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile pyyaml==6.0.3 || { echo "no PyYAML 6.0.3 here"; exit 77; }
cat > ask.py << 'PYTHON'
import socket, struct, subprocess, threading
import yaml

def option(code, data):
    return struct.pack(">HH", code, len(data)) + data

BLOCKED = b"\0\x0f"
ANSWERS = {b"site": option(3, b"fra #2"), b"path": option(15, BLOCKED + b"see zone C:\\new"),
           b"mark": option(15, BLOCKED + b'blocked by "policy"')}

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))

def serve():
    while True:
        query, client = server.recvfrom(4096)
        end = 12
        while query[end]:
            end += query[end] + 1
        options = ANSWERS[query[13:13 + query[12]]]
        header = query[:2] + struct.pack(">HHHHH", 0x8580, 1, 0, 0, 1)
        record = b"\0" + struct.pack(">HHIH", 41, 1232, 0, len(options))
        server.sendto(header + query[12:end + 5] + record + options, client)

threading.Thread(target=serve, daemon=True).start()

def ask(name):
    text = subprocess.run(["usr/bin/dig", "+yaml", "+qr", "+cookie=0012345670123456", "@127.0.0.1", "-p", str(server.getsockname()[1]),
                           f"{name}.example"], capture_output=True, check=True, text=True).stdout
    query, answer = yaml.safe_load(text)
    edns = lambda message, part: message["message"][part]["OPT_PSEUDOSECTION"]["EDNS"]
    return edns(query, "query_message_data"), edns(answer, "response_message_data")

query, answer = ask("site")
print('NSID "fra #2":', answer["NSID"])
print("cookie 0012345670123456:", query["COOKIE"])
text = ask("path")[1]["EDE"]["EXTRA-TEXT"]
print(f'text "see zone C:\\new": {"has a line feed" if chr(10) in text else text}, {len(text)} characters')
try:
    print('text "blocked by \\"policy\\"":', ask("mark")[1]["EDE"]["EXTRA-TEXT"])
except yaml.YAMLError:
    print('text "blocked by \\"policy\\"": no YAML')
PYTHON
seen=$(venv/bin/python ask.py)
echo "$seen"
[ "$seen" = 'NSID "fra #2": 66 72 61 20 23 32 ("fra
cookie 0012345670123456: 718046013230
text "see zone C:\new": has a line feed, 14 characters
text "blocked by \"policy\"": no YAML' ]
