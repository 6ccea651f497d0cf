#!/usr/bin/env bash
# pyperf2 0.5 (PyPI, the newest) with iperf 2.1.8 (Debian bookworm, 2.1.8+dfsg-1): packets_received counts the lost ones too, and net_pwr is a count.
#
# A server of iperf prints "Lost/Total" for each interval of UDP and for the whole: of 50/500 there came 450. pyperf2 has the total under the
# name of packets_received, in the details, the summary and the events of a loss, beside packets_lost. Loss is what was lost of what
# was sent (RFC 2680, section 4): by lost / (lost + received), as the names say, a loss of 10 % becomes 9.1 % and one of 50 % becomes
# 33.3 %; and what was received is always what was sent. iperf 2.1.8 prints "Rx/inP" in front of NetPwr, so that the packets that
# really came stand under net_pwr. A relay on loopback leaves out each tenth datagram of the first 200.
#
# Seen (the summary, as numbers of packets):
#   iperf: 20 lost of 201 in total, 181 came
#   pyperf2: packets_lost 20, packets_received 201, net_pwr 181/0(0)
# Needs: root or CAP_SYS_ADMIN (unshare), python3 with venv, Debian 12 on amd64 (apt, libstdc++).
set -euo pipefail

VERSION=2.1.8+dfsg-1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "iperf=$VERSION" > /dev/null 2>&1 || { echo "no iperf $VERSION here"; exit 77; }
dpkg -x iperf_*.deb .
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile pyperf2==0.5 pyroute2==0.9.5 || { echo "no pyperf2 0.5 here"; exit 77; }
cat > measure.py << 'PYTHON'
import os, re, socket, subprocess, threading, time

from pyperf2 import Server

near, far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
near.bind(('127.0.0.1', 5202))
far.connect(('127.0.0.1', 5201))
client = None

def there():
    global client
    for number in range(1, 10**6):
        datagram, client = near.recvfrom(65536)
        if number > 200 or number % 10 != 5:
            far.send(datagram)

def back():
    while True:
        near.sendto(far.recv(65536), client)

server = Server()
server.set_options(iperf_binary_path='usr/bin/iperf', name='server', protocol='udp', port='5201', bind_ip='127.0.0.1', realtime='')
server.set_raw_log_path('.')
server.start()
while not subprocess.run(['ss', '-Hlnu', 'sport = :5201'], capture_output=True).stdout:
    time.sleep(0.1)
for way in (there, back):
    threading.Thread(target=way, daemon=True).start()
subprocess.run(['usr/bin/iperf', '-e', '-c', '127.0.0.1', '-p', '5202', '-u', '-b', '100pps', '-l', '1000', '-n', '200000'],
               check=True, stdout=subprocess.DEVNULL)
while not any(each['summary'] for each in server.get_results().values()):
    time.sleep(0.1)
server.stop()
[said] = server.get_results().values()
[log] = [name for name in os.listdir() if name.endswith('raw.log')]
lost, total, came = re.findall(r' (\d+)/\s*(\d+) \(.*pps +(\d+)/', open(log).read())[-1]
print(f'iperf: {lost} lost of {total} in total, {came} came')
print('pyperf2: ' + ', '.join(f'{name} {said["summary"][name]}' for name in ('packets_lost', 'packets_received', 'net_pwr')))
PYTHON
seen=$(unshare -n sh -c 'ip link set lo up && exec timeout 60 venv/bin/python measure.py')
echo "$seen"
[ "$seen" = "iperf: 20 lost of 201 in total, 181 came
pyperf2: packets_lost 20, packets_received 201, net_pwr 181/0(0)" ]
