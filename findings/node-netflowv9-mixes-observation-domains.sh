#!/usr/bin/env bash
# node-netflowv9 0.2.16 (npm) and netflow 0.12.2 (PyPI), both the newest: a template of one observation domain is used for the flows of another.
#
# The number of a template is unique within the observation domain that it came from, which the Source ID of the header names (RFC 3954, sections
# 5.1 and 5.2; the same in IPFIX: RFC 7011, section 3.4.1): a router has a domain for each line card, and each counts its templates from
# 256 on. node-netflowv9 holds them by address, port and number; the collector of netflow by number alone, for all exporters. Where the
# fields of two domains have other places, flows are read with the template that came last, without a word: here bytes and packets change places, and
# 3 packets of 4500 bytes together are 4500 packets of 3 bytes. netflume 0.6.0 (PyPI) holds them apart.
#
# Seen (domain 1: packets before bytes; domain 2, later: bytes before packets; then a flow of domain 1):
#   node-netflowv9: 4500 packets, 3 bytes
#   netflow: 4500 packets, 3 bytes
#   netflume: 3 packets, 4500 bytes
# Needs: root, node >= 20 with npm, python3 with venv, unshare. Packets stay in a network namespace.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . node-netflowv9@0.2.16 > /dev/null || { echo "no node-netflowv9 0.2.16 here"; exit 77; }
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile netflow==0.12.2 netflume==0.6.0 ||
  { echo "no netflow 0.12.2 or netflume 0.6.0 here"; exit 77; }
cat > exporter.py << 'PYTHON'
import socket, struct

SOURCE, DESTINATION, BYTES, PACKETS = 8, 12, 1, 2

def message(domain, number, flow_set):
    return struct.pack(">HHIIII", 9, 1, 1000, 1796000000, number, domain) + flow_set

def template(*fields):
    body = struct.pack(">HH", 256, len(fields)) + b"".join(struct.pack(">HH", field, 4) for field in fields)
    return struct.pack(">HH", 0, 4 + len(body)) + body

flow = bytes([10, 0, 0, 1, 10, 0, 0, 2]) + struct.pack(">II", 3, 4500)
messages = [
    message(1, 0, template(SOURCE, DESTINATION, PACKETS, BYTES)),
    message(2, 0, template(SOURCE, DESTINATION, BYTES, PACKETS)),
    message(1, 1, struct.pack(">HH", 256, 4 + len(flow)) + flow),
]

exporter = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
exporter.bind(("127.0.0.1", 40000))

def send(each, port):
    exporter.sendto(each, ("127.0.0.1", port))

if __name__ == "__main__":
    for each in messages:
        send(each, 2055)
PYTHON
cat > collector.js << 'JAVASCRIPT'
const Collector = require('node-netflowv9');
const { spawn } = require('child_process');
const collector = Collector({ port: 2055, host: '127.0.0.1' });
collector.on('data', ({ flows }) => {
  if (flows.length === 0) return;
  console.log(`node-netflowv9: ${flows[0].in_pkts} packets, ${flows[0].in_bytes} bytes`);
  process.exit();
});
collector.server.on('listening', () => spawn('python3', ['exporter.py'], { stdio: 'inherit' }));
JAVASCRIPT
cat > collectors.py << 'PYTHON'
from exporter import messages, send
from netflow.collector import ThreadedNetFlowListener
from netflume import Decoder

listener = ThreadedNetFlowListener("127.0.0.1", 2056)
listener.start()
flows = []
for message in messages:  # one by one: each is read in a thread of its own
    send(message, 2056)
    flows += listener.get(timeout=60).export.flows
print(f"netflow: {flows[0].IN_PKTS} packets, {flows[0].IN_BYTES} bytes", flush=True)
decoder = Decoder()
flows = [flow for message in messages for flow in decoder.decode(message, "127.0.0.1").flows]
print(f"netflume: {flows[0]['packets']} packets, {flows[0]['octets']} bytes", flush=True)
listener.stop()
listener.join()
PYTHON
unshare -n bash -c 'ip link set lo up; node --no-deprecation collector.js; venv/bin/python collectors.py' | tee seen
[ "$(cat seen)" = "node-netflowv9: 4500 packets, 3 bytes
netflow: 4500 packets, 3 bytes
netflume: 3 packets, 4500 bytes" ]
