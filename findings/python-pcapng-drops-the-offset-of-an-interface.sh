#!/usr/bin/env bash
# python-pcapng 2.1.1 (PyPI, the newest): `timestamp` of a packet lacks the offset that its interface states.
#
# if_tsoffset is a number of seconds that must be added to the timestamp of each packet of an interface (PCAP Next Generation Capture File
# Format, draft-ietf-opsawg-pcapng, section 4.2). It is there where an instrument counts from its own start, or where two captures
# were brought to one clock. The library reads the option, heeds the resolution beside it, and leaves the offset out: packets of two
# interfaces that were half a second apart are an hour apart, in the other order. pktcap 0.1.3 (PyPI) adds it, as libpcap does, with which tcpdump
# reads such a file. Interface 1 states an offset of an hour, and its times are an hour less.
#
# Seen (a packet at interface 0, and the same at interface 1 half a second later; seconds since 1970):
#   python-pcapng: 1767268800.0 1767265200.5, delay -3599.5 s
#   pktcap: 1767268800.0 1767268800.5, delay 0.5 s
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile python-pcapng==2.1.1 pktcap==0.1.3 ||
  { echo "no python-pcapng 2.1.1 or pktcap 0.1.3 here"; exit 77; }
cat > read.py << 'PYTHON'
import struct
import pktcap
from pcapng import FileScanner
from pcapng.blocks import EnhancedPacket

def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack('<II', kind, len(body) + 12) + body + struct.pack('<I', len(body) + 12)

def option(code, value):
    return struct.pack('<HH', code, len(value)) + value + bytes(-len(value) % 4)

def interface(offset):  # raw IP; resolution 10^-3 s
    return block(1, struct.pack('<HHI', 101, 0, 65535) + option(9, bytes([3])) + option(14, struct.pack('<q', offset)) + option(0, b''))

def packet(interface, milliseconds):
    data = bytes.fromhex('4500001c000040004001') + bytes(2) + bytes([192, 0, 2, 1, 192, 0, 2, 2]) + bytes.fromhex('0800f7ff00000000')
    return block(6, struct.pack('<IIIII', interface, milliseconds >> 32, milliseconds & 0xFFFFFFFF, len(data), len(data)) + data)

start = 1767268800
with open('capture', 'wb') as file:
    file.write(block(0x0A0D0D0A, struct.pack('<IHHq', 0x1A2B3C4D, 1, 0, -1)) + interface(0) + interface(3600)
               + packet(0, start * 1000) + packet(1, (start - 3600) * 1000 + 500))

def show(reader, times):
    print(f'{reader}: {times[0]:.1f} {times[1]:.1f}, delay {times[1] - times[0]:.1f} s')

show('python-pcapng', [each.timestamp for each in FileScanner(open('capture', 'rb')) if isinstance(each, EnhancedPacket)])
show('pktcap', [frame.time for frame in pktcap.read_frames('capture')])
PYTHON
seen=$(venv/bin/python read.py)
echo "$seen"
[ "$seen" = "python-pcapng: 1767268800.0 1767265200.5, delay -3599.5 s
pktcap: 1767268800.0 1767268800.5, delay 0.5 s" ]
