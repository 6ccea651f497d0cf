#!/bin/bash
# `make host-test`: installs the probe on a fresh Debian, as a host would, and holds it against scenario.mjs: join, doctor, run, real
# measurements; then it is killed, cut off, its disk filled, its clock put wrong. Debian comes from its package registry, node from this
# machine. Everything runs in namespaces of its own (network, processes, mounts), and ends with this script, however that ends.
#
#   HOST_TEST_SECONDS  time limit for the scenario (default: 600)
#
# Exit codes: 0 passed, 77 skipped (it says why), anything else failed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
# shellcheck source=test/support/debian.sh
source "$here/../support/debian.sh"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pladmed/host-test
work=$(mktemp -d)
root=$work/root

say() { echo "host-test: $*"; }
skip() {
  say "SKIPPED: $*"
  exit 77
}
finish() {
  local code=$?
  trap - EXIT
  rm -rf --one-file-system "$work"
  case $code in
    0) say "PASSED in $SECONDS s" ;;
    77) ;;
    *) say "FAILED (exit code $code) after $SECONDS s" ;;
  esac
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Shows what a command printed only when it fails.
quietly() {
  if ! "$@" >"$work/log" 2>&1; then
    tail -n 40 "$work/log" >&2
    say "failed: $*"
    return 1
  fi
}
inside() { # runs a program on the fresh Debian, as root, with the network of this machine
  chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive SSL_CERT_FILE="$CA_BUNDLE" NODE_EXTRA_CA_CERTS="$CA_BUNDLE" "$@"
}

[[ $(uname -s) == Linux && $(id -u) == 0 ]] || skip 'it needs Linux and root'
for tool in debootstrap unshare ip ss dnsmasq chronyd faketime; do
  command -v "$tool" >/dev/null || skip "not installed: $tool"
done
unshare --mount --net --pid --fork true 2>/dev/null || skip 'no namespaces can be made here'
[[ -f $repository/dist/main.js ]] || skip 'there is no build: npm run build'

# --- a fresh Debian, with the node of this machine -----------------------------------------------------------------
mkdir -p "$cache" "$root"
node=$(node -p process.execPath)
identity=$({ debian_identity && sha256sum <"$node" && npm --version; } | sha256sum | cut -c1-16)
base=$cache/debian-$identity.tar
if [[ ! -f $base ]]; then
  say "a fresh Debian: debootstrap $SUITE"
  quietly debian_root "$root"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  quietly inside apt-get update
  quietly inside apt-get install -y --no-install-recommends libstdc++6
  cp "$node" "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules"
  cp -r "$(npm_folder)" "$root/usr/local/lib/node_modules/npm"
  for command in npm npx; do
    ln -s "../lib/node_modules/npm/bin/$command-cli.js" "$root/usr/local/bin/$command"
  done
  rm -f "$cache"/debian-*.tar
  tar -C "$root" -cf "$base.new" . && mv "$base.new" "$base"
else
  tar -C "$root" -xf "$base"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"

# --- the probe, as docs/probe.md says ------------------------------------------------------------------------------
say 'npm pack; on the fresh Debian: apt-get install scamper, npm install'
(cd "$repository" && quietly npm pack --workspace probe --pack-destination "$work" --loglevel=error)
cp "$work"/pladmed-probe-*.tgz "$root/root/"
quietly inside apt-get update
quietly inside apt-get install -y --no-install-recommends scamper
quietly inside sh -c 'npm install -g --no-audit --no-fund /root/pladmed-probe-*.tgz'
inside useradd --create-home host
# Preloaded by the trial of a wrong clock; nothing else of this machine gets in.
library=$(find /usr/lib -path '*/faketime/libfaketime.so.1' | head -n 1)
[[ -n $library ]] || skip 'libfaketime is not installed'
install -D -m 0644 "$library" "$root/opt/libfaketime.so.1"
echo 'nameserver 192.31.196.1' >"$root/etc/resolv.conf"

# --- the scenario --------------------------------------------------------------------------------------------------
HOST_TEST_ROOT=$root HOST_TEST_WORK=$work timeout --kill-after=10 "${HOST_TEST_SECONDS:-600}" \
  unshare --mount --propagation private --net --pid --fork --kill-child --mount-proc \
  node "$here/scenario.mjs"
