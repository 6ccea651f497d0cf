#!/usr/bin/env bash
# Sees to it that measurement tools are there: scripts/tools.sh scamper dig
# What is missing is installed with apt where that is possible; otherwise says what to do, and goes on.
set -euo pipefail

declare -A package=([scamper]=scamper [dig]=dnsutils [libcurl]=libcurl4 [ip]=iproute2 [sysctl]=procps [python3]=python3
  [openssl]=openssl [dnsmasq]=dnsmasq-base [chronyd]=chrony [redis-server]=redis-server
  [faketime]=faketime [ping]=iputils-ping [nginx]=nginx-light [tcpdump]=tcpdump [debootstrap]=debootstrap
  [unbuffer]=expect [mtr]=mtr-tiny [traceroute]=traceroute [git]=git [chromium]=chromium [gcc]=build-essential [dpkg-source]=dpkg-dev)

have() {
  case $1 in
    # a mongod from the Python wheel needs libcurl; one of the machine's own brings what it needs
    libcurl) command -v mongod > /dev/null || ldconfig -p 2> /dev/null | grep -q 'libcurl\.so\.4' ;;
    libfaketime) compgen -G '/usr/lib*/*/faketime/libfaketime.so.1' > /dev/null || [ -e /usr/lib64/faketime/libfaketime.so.1 ] ;;
    *) command -v "$1" > /dev/null ;;
  esac
}

# Installed under an init, chrony takes over the clock of the machine: nothing that a test may do.
unwanted() {
  [ "$1" = chronyd ] && [ -d /run/systemd/system ]
}

# Debian's prometheus would start a service: of the package only promtool is unpacked, for the tests.
fetch_promtool() {
  local folder=node_modules/.cache/promtool
  [ -x "$folder/promtool" ] && return
  command -v apt-get > /dev/null && command -v dpkg > /dev/null || return 1
  local work
  work=$(mktemp -d)
  mkdir -p "$folder"
  chmod 755 "$work"
  (cd "$work" && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; } > /dev/null 2>&1 &&
    dpkg -x prometheus_*.deb unpacked) && cp "$work/unpacked/usr/bin/promtool" "$folder/promtool"
  local outcome=$?
  rm -rf "$work"
  return $outcome
}

missing=()
for tool in "$@"; do
  if [ "$tool" = promtool ]; then
    fetch_promtool || echo 'Missing: promtool (of Prometheus). The check of /metrics is skipped; PROMTOOL=/path/to/promtool names one' >&2
    continue
  fi
  have "$tool" && continue
  if unwanted "$tool"; then
    echo "Not installed: ${package[$tool]}, which would set this machine's clock. What needs it is skipped" >&2
  else
    missing+=("${package[$tool]}")
  fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null; then
  echo "Installing ${missing[*]} (apt-get)"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null && exit 0
fi
echo "Missing: ${missing[*]}. Install with your package manager, for example: sudo apt-get install ${missing[*]}" >&2
