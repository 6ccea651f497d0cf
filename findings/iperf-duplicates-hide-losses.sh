#!/usr/bin/env bash
# iperf3 3.12 and iperf 2.1.8 (Debian bookworm, 3.12-1+deb12u2 and 2.1.8+dfsg-1): a datagram that comes twice makes up for one that was lost.
#
# Loss is that no copy of a packet came (RFC 2680); a second copy of another is a duplicate (RFC 5560), and of copies the first alone counts
# for reordering (RFC 4737, section 3). Both keep the highest number that came, count what was skipped as lost, and take each lower number for a
# packet that is late after all: they count it as out of order and one loss less. Where a tenth is lost and another tenth doubled, as in a
# network with two ways, or by Wi-Fi, loss is 0 % and reordering 10 %, of which neither is so; with fewer duplicates the loss is too small by
# their number. The way between client and server is a small program on loopback, which drops the 5th and doubles the 8th of each ten.
#
# Seen (1000 datagrams of which 100 are lost, 100 come twice, and none late):
#   iperf3: 0 lost (0 %), 100 out of order
#   iperf: 0 lost (0 %), 100 out of order
# Needs: root, python3, unshare, Debian 12 (apt). Packets stay in a network namespace.
set -euo pipefail

IPERF3=3.12-1+deb12u2
IPERF=2.1.8+dfsg-1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "iperf3=$IPERF3" "libiperf0=$IPERF3" libsctp1=1.0.19+dfsg-2 "iperf=$IPERF" > /dev/null 2>&1 ||
  { echo "no iperf3 $IPERF3 or iperf $IPERF here"; exit 77; }
for package in *.deb; do dpkg -x "$package" .; done
cat > way.py << 'PYTHON'
import socket, threading, select

def pump(come, go):
    try:
        while data := come.recv(65536): go.sendall(data)
    except OSError: pass
    for each in (come, go):
        try: each.shutdown(socket.SHUT_RDWR)
        except OSError: pass

def control(listener):  # the control connection of iperf3
    while True:
        near, _ = listener.accept()
        far = socket.create_connection(('127.0.0.1', 5201))
        for ends in ((near, far), (far, near)): threading.Thread(target=pump, args=ends, daemon=True).start()

threading.Thread(target=control, args=(socket.create_server(('127.0.0.1', 5202)),), daemon=True).start()
near, far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
near.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE: the way itself loses nothing
near.bind(('127.0.0.1', 5202))
far.connect(('127.0.0.1', 5201))
print('up', flush=True)
passed = 0
while True:
    ready, _, _ = select.select([near, far], [], [])
    if near in ready:
        datagram, client = near.recvfrom(65536)
        passed += len(datagram) == 200
        measured = len(datagram) == 200 and passed <= 1000
        if not (measured and passed % 10 == 5): far.send(datagram)
        if measured and passed % 10 == 8: far.send(datagram)
    if far in ready:
        try: near.sendto(far.recv(65536), client)
        except OSError: pass
PYTHON
cat > run.sh << 'SHELL'
ip link set lo up
export LD_LIBRARY_PATH=$(dirname usr/lib/*/libiperf.so.0)
between() { # between LISTENS SERVER... : the way, and a server that is ready
  python3 way.py > state & way=$!
  "${@:2}" > server & server=$!
  trap 'kill $way $server 2> /dev/null' EXIT
  until grep -qs up state && ss -Hln "$1" | grep -q 127.0.0.1:5201; do sleep 0.1; done
}
between -t usr/bin/iperf3 -s -1 -J -B 127.0.0.1
usr/bin/iperf3 -c 127.0.0.1 -p 5202 -u -b 400K -l 200 -n 200000 > client
wait $server
python3 - << 'PYTHON'
import json
end = json.load(open('server'))['end']
print(f"iperf3: {end['sum']['lost_packets']} lost ({end['sum']['lost_percent']} %), {end['streams'][0]['udp']['out_of_order']} out of order", flush=True)
PYTHON
kill $way; wait $way 2> /dev/null || true
between -u usr/bin/iperf -s -u -p 5201 -B 127.0.0.1
usr/bin/iperf -c 127.0.0.1 -p 5202 -u -b 400K -l 200 -n 200000 > client
sed -n '/Server Report/,$ {
  s|.* ms *\([0-9]*\)/[ 0-9]* (\([0-9.]*\)%).*|iperf: \1 lost (\2 %)|p
  s/.* \([0-9]* \)datagrams received out-of-order/\1out of order/p
}' client | paste -sd, | sed 's/,/, /'
SHELL
unshare -n bash run.sh | tee seen
[ "$(cat seen)" = "iperf3: 0 lost (0 %), 100 out of order
iperf: 0 lost (0 %), 100 out of order" ]
