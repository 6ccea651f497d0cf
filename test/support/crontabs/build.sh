#!/usr/bin/env bash
# Builds into FOLDER the programs debian-cron and busybox-crond, which tell what these two make of a crontab's line: Debian's own
# source packages (cron 3.0pl1 and busybox of the SUITE), of which the parsing and the matching are compiled as they stand.
# Says in one line why where that cannot be done.
#
# busybox: the three functions are the same, word for word, in 1.27.2 (Alpine 3.7, the image of fielded probes) and in 1.35.0
# (bookworm), but for the constant that flags a line (-1 there, START_ME_NORMAL here).
set -euo pipefail

SUITE=bookworm
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
KEYS=/usr/share/keyrings/debian-archive-keyring.gpg
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)

fail() {
  echo "$1" >&2
  exit 1
}

for tool in apt-get dpkg-source gcc; do
  command -v "$tool" > /dev/null || fail "$tool is not installed (scripts/tools.sh gcc dpkg-source)"
done
[ -e "$KEYS" ] || fail "there is no $KEYS: this is no Debian"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p parts lists/partial cache/archives/partial
printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$MIRROR" "$SUITE" "$KEYS" > parts/src.sources
# lists and settings of its own: what the machine has is neither needed nor changed
options=(-qq -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$work/parts" -o "Dir::State::Lists=$work/lists"
  -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
apt-get "${options[@]}" update > log 2>&1 || fail "no list of Debian's sources: $(tail -n 1 log)"
for source in cron busybox; do
  apt-get "${options[@]}" --only-source --download-only source "$source" > log 2>&1 ||
    fail "no source of $source: $(tail -n 1 log)"
  dpkg-source --no-check -x "$source"_*.dsc "$source" > log 2>&1 || fail "$source cannot be unpacked: $(tail -n 1 log)"
done

# K&R C of 1994: -w
gcc -w -O1 -std=gnu11 -DDEBUGGING=0 -DPOSIX -I cron -o debian-cron "$here/debian-cron.c" cron/{entry,misc,env,compat}.c

crond=busybox/miscutils/crond.c
part() { sed -n "/^$1/,/^}/p" "$crond"; }
{
  part 'typedef struct CronFile'
  part 'typedef struct CronLine'
  sed -n '/^static const char DowAry/,/^;/p; /^static const char MonAry/,/^;/p' "$crond"
} > busybox-types.inc
{
  part 'static void ParseField'
  part 'static void FixDayDow'
  part 'static void flag_starting_jobs'
} > busybox-functions.inc
gcc -w -O1 -std=gnu11 -I . -o busybox-crond "$here/busybox-crond.c"
mv debian-cron busybox-crond "$folder"
