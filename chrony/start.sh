#!/bin/bash
# Writes chronyd's configuration from the environment and becomes chronyd.
#
#   NTP_POOLS          host names that stand for several servers each (default: 2.pool.ntp.org; empty: none)
#   NTP_SERVERS        single upstream servers, names or addresses (default: none)
#   NTP_ALLOW          networks that are served, in CIDR notation, or `all` (default: all)
#   NTP_LOCAL_STRATUM  stratum that is announced while no upstream answers (default: 10)
#   NTP_RATE_INTERVAL  log2 of the seconds between two answers to one address (default: 1)
#   NTP_RATE_BURST     answers to one address in a row before the limit applies (default: 16)
set -euo pipefail

fail() {
  echo "chrony: $*" >&2
  exit 64
}

whole_number() { # NAME VALUE LEAST MOST
  if ! [[ $2 =~ ^-?[0-9]{1,3}$ ]] || (($2 < $3 || $2 > $4)); then
    fail "$1 must be a whole number from $3 to $4, not '$2'."
  fi
}

template=/etc/chrony/chrony.conf.template
run=/tmp/chrony
stratum=${NTP_LOCAL_STRATUM:-10}
interval=${NTP_RATE_INTERVAL:-1}
burst=${NTP_RATE_BURST:-16}
whole_number NTP_LOCAL_STRATUM "$stratum" 1 15
whole_number NTP_RATE_INTERVAL "$interval" -19 12
whole_number NTP_RATE_BURST "$burst" 1 255

read -ra pools <<<"${NTP_POOLS-2.pool.ntp.org}"
read -ra servers <<<"${NTP_SERVERS-}"
read -ra networks <<<"${NTP_ALLOW:-all}"

sources=''
for pool in "${pools[@]}"; do
  [[ $pool =~ ^[A-Za-z0-9.-]+$ ]] || fail "NTP_POOLS: '$pool' is no host name."
  sources+="pool $pool iburst maxsources 4"$'\n'
done
for server in "${servers[@]}"; do
  [[ $server =~ ^[A-Za-z0-9.:-]+$ ]] || fail "NTP_SERVERS: '$server' is no host name or address."
  sources+="server $server iburst"$'\n'
done

allow=''
for network in "${networks[@]}"; do
  [[ $network =~ ^(all|[0-9a-fA-F.:]+(/[0-9]{1,3})?)$ ]] || fail "NTP_ALLOW: '$network' is no network."
  allow+="allow $network"$'\n'
done

mkdir -p "$run"
chmod 0750 "$run"
# A container that was killed leaves its files behind.
rm -f "$run/chronyd.pid" "$run/chronyd.sock"

config=$(<"$template")
config=${config//@SOURCES@/$sources}
config=${config//@ALLOW@/$allow}
config=${config//@LOCAL_STRATUM@/$stratum}
config=${config//@RATE_INTERVAL@/$interval}
config=${config//@RATE_BURST@/$burst}
printf '%s\n' "$config" >"$run/chrony.conf"

echo "chrony: pools '${pools[*]}', servers '${servers[*]}', serving '${networks[*]}'."
# -d stay in the foreground, -x never touch the host's clock, -U not as root.
exec /usr/sbin/chronyd -d -x -U -f "$run/chrony.conf"
