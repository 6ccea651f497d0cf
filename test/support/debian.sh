# shellcheck shell=bash
# Sourced by tests that need a fresh Debian: made out of its package registry alone, for machines that cannot pull images.
SUITE=bookworm
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt

# What a root is made from: with another answer it is another one. A root older than a month is made anew, for the sake of its
# security updates.
debian_identity() {
  local bundle
  bundle=$([[ -r $CA_BUNDLE ]] && sha256sum <"$CA_BUNDLE" || echo none)
  printf '%s\n' 1 "$SUITE" "$MIRROR" "$(date -u +%Y-%m)" "$bundle"
}

# debian_root FOLDER: the least Debian there is, and this machine's own authorities, so that it trusts what this machine trusts.
debian_root() {
  debootstrap --variant=minbase "$SUITE" "$1" "$MIRROR" || return
  if [[ -r $CA_BUNDLE ]]; then
    mkdir -p "$1/etc/ssl/certs"
    cp "$CA_BUNDLE" "$1$CA_BUNDLE"
  fi
  rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/*
}

# The npm of this machine, as a folder.
npm_folder() {
  dirname "$(dirname "$(readlink -f "$(command -v npm)")")"
}
