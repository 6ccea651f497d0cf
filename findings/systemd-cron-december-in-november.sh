#!/usr/bin/env bash
# systemd-cron 1.15.19 (Debian bookworm, 1.15.19-5): `dec` runs in November, `nov` in October, and `oct` never.
#
# crontab(5), of this package too: the first three letters of a month are its name. The generator that makes timers of crontabs
# looks a name up in a list of eleven months, which lacks October: the names behind it move one month to the front, without a word. `oct` is
# "garbled time" in the log of the boot and has no timer. Numbers are right, so `12` and `dec` are a month apart.
#
# Seen (the day of a timer of `0 0 1 MONTH *`):
#   sep: *-9-1
#   oct: none
#   nov: *-10-1
#   dec: *-11-1
#   12: *-12-1
# Needs Debian bookworm, root (a mount namespace in which the table is the only one).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q systemd-cron=1.15.19-5 > /dev/null 2>&1 || { echo "systemd-cron 1.15.19-5 cannot be had: apt-get update" >&2; exit 2; }
dpkg -x systemd-cron_*.deb package
mkdir tables timers
for month in sep oct nov dec 12; do echo "0 0 1 $month * root /bin/echo $month"; done > tables/months
unshare --mount bash -c '
  mkdir -p /etc/cron.d
  mount --bind tables /etc/cron.d
  mount -t tmpfs none /run
  mkdir /run/systemd
  python3 package/lib/systemd/system-generators/systemd-crontab-generator timers timers timers
' > /dev/null 2>&1
seen=$(for month in sep oct nov dec 12; do
  timer=$(grep -l "/bin/echo $month\"" timers/*.timer || true)
  echo "$month: $([ -n "$timer" ] && sed -n 's/^OnCalendar=\([^ ]*\) .*/\1/p' "$timer" || echo none)"
done)
echo "$seen"
[ "$seen" = 'sep: *-9-1
oct: none
nov: *-10-1
dec: *-11-1
12: *-12-1' ]
