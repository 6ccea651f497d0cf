#!/usr/bin/env bash
# systemd-cron 1.15.19 (Debian bookworm, 1.15.19-5): of two day fields both must match, and a range of weekdays up to 7 is every day.
#
# crontab(5), of this package too: where day of month and day of week are both restricted, the command runs when either matches.
# `0 0 13 * 5` is the 13th and each Friday, some 62 days a year. The timer that is made of it is a calendar expression of systemd, in which
# all parts must match (systemd.time(7)): the Fridays that are a 13th, one to three a year. 7 is Sunday to both; at the end of a range
# the 7 becomes 0, the range is empty, and the timer has no weekday at all: `5-7`, Friday to Sunday, runs on each day. The log of the boot
# says "garbled time" of that one and nothing of the first.
#
# Seen (the calendar expression of a timer):
#   13 * 5: Fri *-*-13 0:0:00
#   * * 5-7: *-*-* 0:0:00
#   * * 7: Sun *-*-* 0:0:00
# Needs Debian bookworm, root (a mount namespace in which the table is the only one).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q systemd-cron=1.15.19-5 > /dev/null 2>&1 || { echo "systemd-cron 1.15.19-5 cannot be had: apt-get update" >&2; exit 2; }
dpkg -x systemd-cron_*.deb package
mkdir tables timers
for days in '13 * 5' '* * 5-7' '* * 7'; do echo "0 0 $days root /bin/echo days"; done > tables/days
unshare --mount bash -c '
  mkdir -p /etc/cron.d
  mount --bind tables /etc/cron.d
  mount -t tmpfs none /run
  mkdir /run/systemd
  python3 package/lib/systemd/system-generators/systemd-crontab-generator timers timers timers
' > /dev/null 2>&1
seen=$(for days in '13 * 5' '* * 5-7' '* * 7'; do
  echo "$days: $(sed -n 's/^OnCalendar= *//p' "$(grep -lF "\"0 0 $days root" timers/*.timer)")"
done)
echo "$seen"
[ "$seen" = '13 * 5: Fri *-*-13 0:0:00
* * 5-7: *-*-* 0:0:00
* * 7: Sun *-*-* 0:0:00' ]
