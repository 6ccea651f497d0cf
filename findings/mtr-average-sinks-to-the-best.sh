#!/usr/bin/env bash
# mtr 0.95 (Debian 12; the same code in 0.96, the newest, and in its repository in June 2026): in a long run Avg sinks towards Best, and
# StDev grows.
#
# The mean is kept as whole microseconds and moved by (RTT - mean) / n at each answer; what is behind the point is cut off, so
# a step down is a microsecond too long and a step up is too short, and from n of about the spread in microseconds on it does not come up
# again. mtr(8) calls the field "Average RTT(ms)". Times of 1 and 5 ms in turn have a mean of 3.0: mtr says so after 100 probes,
# 2.8 after 1000, and 1.0 after 8000, the best of all (two hours at the usual pace). So it is in all formats and in the display.
# The answers are those of a program that speaks the protocol of mtr-packet(8), which MTR_PACKET names.
#
# Seen (Snt Avg StDev Best Wrst):
#   100 3.0 2.0 1.0 5.0
#   1000 2.8 2.0 1.0 5.0
#   8000 1.0 2.4 1.0 5.0
# Needs: Debian 12 (apt, the libraries of mtr-tiny). No packet is sent.
set -euo pipefail

VERSION=0.95-1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "mtr-tiny=$VERSION" > /dev/null 2>&1 || { echo "no mtr-tiny $VERSION here"; exit 77; }
dpkg -x mtr-tiny_*.deb .
cat > packet << 'BASH'
#!/usr/bin/env bash
n=0
while read -r token command _; do
  case $command in
    check-support) echo "$token feature-support support ok" ;;
    send-probe) echo "$token reply ip-4 192.0.2.1 round-trip-time $((n++ % 2 ? 5000 : 1000))" ;;
  esac
done
BASH
chmod +x packet
for count in 100 1000 8000; do
  MTR_PACKET="$folder/packet" usr/bin/mtr --no-dns --report --report-cycles $count --interval 0.001 --gracetime 0.1 --max-ttl 1 \
    --order SAVBW 192.0.2.1 | awk '/192.0.2.1/ { print $3, $4, $5, $6, $7 }'
done | tee seen
[ "$(cat seen)" = "100 3.0 2.0 1.0 5.0
1000 2.8 2.0 1.0 5.0
8000 1.0 2.4 1.0 5.0" ]
