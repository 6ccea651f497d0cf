#!/usr/bin/env bash
# local-crontab 0.1.8 and crontzconvert 1.1.1 (npm, both the newest): a schedule that is moved to another time zone runs on other days and in other hours.
#
# Three o'clock on a Monday in Tokyo is six on Sunday evening in UTC. local-crontab moves the hour and leaves the weekday and the day of the
# month as they are: a day late. Of a zone that is off by half an hour, as India, it takes the hour from minutes below 30, which is an hour too
# early for the others. crontzconvert finds how far the day and the hour move from the first minute and hour of the line, and moves all of
# them alike: a second hour that does not cross midnight runs on another day, a second minute beyond the full hour in another hour. The README of
# neither limits the lines. Both zones have no summer time. Intl of Node.js says when the moved lines run at home.
#
# Seen (the line at home; the line in UTC; when that runs at home):
#   local-crontab: 0 3 * * 1 in Asia/Tokyo: 0 18 * * 1, Tue 03:00
#   local-crontab: 0 3 15 * * in Asia/Tokyo: 0 18 15 * *, 16th 03:00
#   local-crontab: 45 12 * * * in Asia/Kolkata: 15 6 * * *, 11:45
#   local-crontab: 15 12 * * * in Asia/Kolkata: 45 6 * * *, 12:15
#   crontzconvert: 0 3,20 * * 1 in Asia/Tokyo: 0 11,18 * * 0, Sun 20:00, Mon 03:00
#   crontzconvert: 0,45 12 * * * in Asia/Kolkata: 15,30 6 * * *, 11:45, 12:00
# Needs: node >= 20 with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . local-crontab@0.1.8 crontzconvert@1.1.1 > /dev/null ||
  { echo "no local-crontab 0.1.8 or crontzconvert 1.1.1 here"; exit 77; }
cat > move.js << 'JAVASCRIPT'
const { localCrontabToUtcCrontabs } = require('local-crontab');
const { convert } = require('crontzconvert');

// when a line of lists of numbers and stars, in UTC, runs in a zone: in a week of June 2026 that begins on Sunday the 14th
function atHome(line, timeZone) {
  const [minutes, hours, days, , weekdays] = line.split(' ').map((field) => (field === '*' ? field : field.split(',').map(Number)));
  const day = days !== '*' ? days[0] : weekdays !== '*' ? 14 + weekdays[0] : 15;
  return hours
    .flatMap((hour) => minutes.map((minute) => {
      const time = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit' });
      const part = Object.fromEntries(time.formatToParts(Date.UTC(2026, 5, day, hour, minute)).map(({ type, value }) => [type, value]));
      const which = days !== '*' ? `${part.day}th ` : weekdays !== '*' ? `${part.weekday} ` : '';
      return `${which}${part.hour}:${part.minute}`;
    }))
    .join(', ');
}

const show = (library, line, zone, moved) => console.log(`${library}: ${line} in ${zone}: ${moved}, ${atHome(moved, zone)}`);
for (const [line, zone] of [
  ['0 3 * * 1', 'Asia/Tokyo'],
  ['0 3 15 * *', 'Asia/Tokyo'],
  ['45 12 * * *', 'Asia/Kolkata'],
  ['15 12 * * *', 'Asia/Kolkata'],
])
  show('local-crontab', line, zone, localCrontabToUtcCrontabs(line, zone).join('; '));
for (const [line, zone] of [
  ['0 3,20 * * 1', 'Asia/Tokyo'],
  ['0,45 12 * * *', 'Asia/Kolkata'],
])
  show('crontzconvert', line, zone, convert(`0 ${line}`, zone, 'UTC').replace(/^0 /, '')); // its first field is the second
JAVASCRIPT
seen=$(node --no-deprecation move.js)
echo "$seen"
[ "$seen" = "local-crontab: 0 3 * * 1 in Asia/Tokyo: 0 18 * * 1, Tue 03:00
local-crontab: 0 3 15 * * in Asia/Tokyo: 0 18 15 * *, 16th 03:00
local-crontab: 45 12 * * * in Asia/Kolkata: 15 6 * * *, 11:45
local-crontab: 15 12 * * * in Asia/Kolkata: 45 6 * * *, 12:15
crontzconvert: 0 3,20 * * 1 in Asia/Tokyo: 0 11,18 * * 0, Sun 20:00, Mon 03:00
crontzconvert: 0,45 12 * * * in Asia/Kolkata: 15,30 6 * * *, 11:45, 12:00" ]
