#!/usr/bin/env bash
# mtr 0.95 (Debian 12): the JSON, CSV and XML of a hop name one router, whichever answered last, beside the times of all of them.
#
# Where packets of a hop take several ways (RFC 2991), more than one router answers. The text of --report lists them under the hop; the
# formats made to be read by programs have room for one, and nothing says that there were more. Loss, Avg, Best, Wrst and StDev are taken over
# all: half of the answers below come from a router 2 ms away and half from one 80 ms away, and the JSON has one router with an average
# of 41 ms, which neither has, and a deviation that looks like jitter. Which of them it is changes from run to run; --raw has each.
# mtr(8) calls JSON "better suited for automated processing of the measurement results". The answers are those of a program that speaks
# the protocol of mtr-packet(8), which MTR_PACKET names.
#
# Seen (ten packets):
#   report: 192.0.2.2 Avg 41.0 192.0.2.1
#   json: 192.0.2.2 Loss% 0.0 Avg 41.0 Best 2.0 Wrst 80.0
#   csv: 192.0.2.2 41.00; xml: 192.0.2.2 41.0
# Needs: Debian 12 (apt, the libraries of mtr-tiny), node. No packet is sent.
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
    send-probe) if ((n++ % 2)); then near=2 ms=80; else near=1 ms=2; fi; echo "$token ttl-expired ip-4 192.0.2.$near round-trip-time ${ms}000" ;;
  esac
done
BASH
chmod +x packet
mtr() { MTR_PACKET="$folder/packet" usr/bin/mtr --no-dns --report-cycles 10 --interval 0.01 --gracetime 0.1 --max-ttl 1 "$@" 198.51.100.7; }
{
  mtr --report | awk '/\|--/ { printf "report: %s Avg %s", $2, $6; next } /^ +192/ { printf " %s", $1 } END { print "" }'
  mtr --json > json
  mtr --csv > csv
  mtr --xml > xml
  grep -q '192[.]0[.]2[.]1"\|192[.]0[.]2[.]1,' json csv xml && echo "the other router is there"
  node -e '
    const { host, "Loss%": loss, Avg, Best, Wrst } = JSON.parse(require("fs").readFileSync("json", "utf8")).report.hubs[0];
    console.log(`json: ${host} Loss% ${loss.toFixed(1)} Avg ${Avg.toFixed(1)} Best ${Best.toFixed(1)} Wrst ${Wrst.toFixed(1)}`)'
  echo "csv: $(awk -F, 'NR == 2 { print $6, $11 }' csv); xml: $(sed -n 's/.*<HUB.* HOST="\([^"]*\)".*/\1/p; s/ *<Avg> *\([0-9.]*\).*/\1/p' xml | paste -sd ' ')"
} | tee seen
[ "$(cat seen)" = "report: 192.0.2.2 Avg 41.0 192.0.2.1
json: 192.0.2.2 Loss% 0.0 Avg 41.0 Best 2.0 Wrst 80.0
csv: 192.0.2.2 41.00; xml: 192.0.2.2 41.0" ]
