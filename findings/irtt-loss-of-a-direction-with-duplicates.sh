#!/usr/bin/env bash
# irtt 0.9.0 (Debian bookworm, 0.9.0-2+b24): where packets are duplicated, the loss of a direction is 0 or some 10^20 %, beside a right total.
#
# A packet that comes twice came once (RFC 2680 for loss, RFC 5560 for duplicates). `packet_loss_percent` heeds that; the loss up and the
# loss down, for which irtt is used rather than ping, are made of all that came. With each second answer lost on the way back and
# the others doubled, half is lost and both directions say 0. With each second request lost on the way there and the others doubled,
# the client has more packets than the server says it has seen when it last heard of it, and the difference, taken of numbers that have
# no sign, is a loss of 2 * 10^20 % in the direction that lost nothing. `lost` of each packet, made of the server's window, is right.
#
# Seen (ten packets):
#   back: total 50 %, up 0 %, down 0 %; lost: 5 down
#   there: total 50 %, up 10 %, down above 10^19 %; lost: 5 up
# Needs: Debian 12 on amd64 (apt), python3, unshare, ip (iproute2). Nothing leaves the loopback address of a network of its own.
set -euo pipefail

VERSION=0.9.0-2+b24

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "irtt=$VERSION" > /dev/null 2>&1 || { echo "no irtt $VERSION here"; exit 77; }
dpkg -x irtt_*.deb .
cat > way.py << 'PYTHON'
# Between the client and the server: of one direction every second packet is lost, and the others arrive twice.
import socket, sys, threading
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.bind(('127.0.0.1', 2200))
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.connect(('127.0.0.1', 2112))
peer = None

def carry(packet, send, state, bad):
    if not bad or packet[3] & 0b101: return send(packet)  # of an opening or a closing nothing is lost
    state.append(packet)
    # of the answers the first is lost, of the requests the last
    if (len(state) + (sys.argv[1] == 'back')) % 2:
        send(packet)
        threading.Timer(0.02, send, (packet,)).start()

def there():
    global peer
    asked = []
    while True:
        packet, peer = client.recvfrom(65535)
        carry(packet, server.send, asked, sys.argv[1] == 'there')

threading.Thread(target=there, daemon=True).start()
answered = []
print('up', flush=True)
while True:
    try: packet = server.recv(65535)
    except ConnectionRefusedError: continue  # the server is not there yet
    carry(packet, lambda one: client.sendto(one, peer), answered, sys.argv[1] == 'back')
PYTHON
cat > read.py << 'PYTHON'
import json, sys
told = json.load(open('told.json'))
stats = told['stats']
percent = lambda name: 'above 10^19' if stats[name] > 1e19 else f'{stats[name]:g}'
lost = [one['lost'] for one in told['round_trips']]
# of the last packet the client cannot know in which direction it was lost
sure = max(('up', 'down'), key=lambda way: lost.count(f'true_{way}'))
print(f"{sys.argv[1]}: total {percent('packet_loss_percent')} %, up {percent('upstream_loss_percent')} %, down {percent('downstream_loss_percent')} %;"
      f" lost: {lost.count(f'true_{sure}') + lost.count('true')} {sure}")
PYTHON
for case in back there; do
  unshare -n bash -c '
    ip link set lo up
    usr/bin/irtt server -b 127.0.0.1:2112 > server & server=$!
    python3 way.py "$1" > state & way=$!
    trap "kill $server $way" EXIT
    until grep -q up state; do sleep 0.1; done
    usr/bin/irtt client -i 100ms -d 1s --wait=1s --timeouts=1s,1s,2s,4s -Q -o told.json 127.0.0.1:2200' _ "$case"
  python3 read.py "$case"
done | tee seen
[ "$(cat seen)" = "back: total 50 %, up 0 %, down 0 %; lost: 5 down
there: total 50 %, up 10 %, down above 10^19 %; lost: 5 up" ]
