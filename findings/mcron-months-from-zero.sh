#!/usr/bin/env bash
# mcron 1.0.8 (Debian bookworm, 1.0.8-1.1): the number of a month in a crontab means the month after it.
#
# crontab(5) and POSIX count months from 1. mcron, which reads crontabs as a replacement of Vixie cron, takes `2` for March and `5` for
# June, in which a 31st never comes; the name `feb` is February. So the same line in words and in figures runs a month apart, without a
# word; -s lists what will run. Seen with lines of the kind that other readers of crontabs were asked (findings of cron, busybox,
# systemd-cron and python-crontab); day of month and weekday, steps and 7 for Sunday are right here.
#
# Seen (month and day of the next three times):
#   0 0 10 2 *: Mar 10, Mar 10, Mar 10
#   0 0 10 feb *: Feb 10, Feb 10, Feb 10
#   0 0 30 4 *: May 30, May 30, May 30
# Needs: root, unshare, overlayfs, Debian 12 (apt). Nothing is installed, and no job runs.
set -euo pipefail

VERSION=1.0.8-1.1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q -o APT::Sandbox::User=root "mcron=$VERSION" guile-3.0-libs libgc1 > /dev/null 2>&1 || { echo "no mcron $VERSION here"; exit 77; }
for package in *.deb; do dpkg -x "$package" packages; done
# mcron looks for its modules at fixed places: they lie there for one shell alone
export GUILE_AUTO_COMPILE=0 TZ=UTC LC_ALL=C folder
unshare -m bash -c '
  mount -t overlay -o "lowerdir=$folder/packages/usr:/usr" overlay /usr
  for line in "0 0 10 2 *" "0 0 10 feb *" "0 0 30 4 *"; do
    printf "%s true\n" "$line" | mcron -i vixie -s 3 - | awk -v line="$line" \
      "/^[A-Z][a-z][a-z] [A-Z][a-z][a-z] / { days = days sep \$2 \" \" \$3; sep = \", \" } END { print line \": \" days }"
  done' | tee seen
[ "$(cat seen)" = "0 0 10 2 *: Mar 10, Mar 10, Mar 10
0 0 10 feb *: Feb 10, Feb 10, Feb 10
0 0 30 4 *: May 30, May 30, May 30" ]
