#!/usr/bin/env bash
# busybox 1.35.0 (Debian bookworm, busybox-static 1:1.35.0-4+deb12u1+b1; the same code in 1.27.2): 7 for Sunday runs on every day.
#
# crontab(5) and POSIX-like crons take 0 and 7 for Sunday. crond logs "parse error at 7", keeps the line all the same, and runs it each
# day of the week: its loop over the days has set all of them before it gives up. Shown on a day that is no Sunday in the time
# zone that crond is given; `0` in the same place does not run.
#
# Seen (within a minute):
#   user root: parse error at 7
#   ran: 7
# Needs Debian bookworm on amd64, and root.
set -euo pipefail
version=1:1.35.0-4+deb12u1+b1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq -o APT::Sandbox::User=root "busybox-static=$version" || { echo "no busybox-static $version here"; exit 77; }
dpkg-deb -x busybox-static_*.deb package
mkdir tables
printf '* * * * 7 echo 7 >> %s/ran\n* * * * 0 echo 0 >> %s/ran\n' "$folder" "$folder" > tables/root
# noon of one of two zones that are a day apart is no Sunday
for zone in AAA12 BBB-12; do
  [ "$(TZ=$zone date +%u)" != 7 ] && [ "$(TZ=$zone date -d '+3 minutes' +%u)" != 7 ] && break
done
TZ=$zone timeout 63 package/bin/busybox crond -f -l 8 -L "$folder/log" -c "$folder/tables" || true
seen=$(grep -o 'user root: parse error at 7' log | sort -u; sed 's/^/ran: /' ran | sort -u)
echo "$seen"
[ "$seen" = "user root: parse error at 7
ran: 7" ]
