#!/usr/bin/env bash
# busybox 1.35.0 (Debian bookworm, busybox-static 1:1.35.0-4+deb12u1+b1; the same code in 1.27.2): crond counts days from 0.
#
# `*/10` in the day of month is 10, 20, 30: crontab(5) of Debian's cron, vixie cron and cronie has 1, 11, 21, 31. `1-31/10` is alike to all.
# crond prints how it reads a line with -l 0: 32 flags for the days, from 0 to 31.
#
# Seen:
#   */10: 10000000001000000000100000000010
#   1-31/10: 01000000000100000000010000000001
# Needs Debian bookworm on amd64, and root (crond reads only tables that belong to root).
set -euo pipefail
version=1:1.35.0-4+deb12u1+b1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq -o APT::Sandbox::User=root "busybox-static=$version" || { echo "no busybox-static $version here"; exit 77; }
dpkg-deb -x busybox-static_*.deb package
mkdir tables
days() {
  printf '0 0 %s * * true\n' "$1" > tables/root
  rm -f log
  timeout 2 package/bin/busybox crond -f -l 0 -L "$folder/log" -c "$folder/tables" || true
  echo "$1: $(grep -xE '[01]{32}' log)"
}
seen=$(days '*/10'; days '1-31/10')
echo "$seen"
[ "$seen" = "*/10: 10000000001000000000100000000010
1-31/10: 01000000000100000000010000000001" ]
