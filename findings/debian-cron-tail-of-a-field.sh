#!/usr/bin/env bash
# Debian's cron 3.0pl1-162 (bookworm) takes what follows a value in a field without a word, and ranges that run backwards.
#
# `0 0 * * 1#2`, which other schedulers read as the second Monday, is accepted and runs on every Monday: get_list() skips to the next blank.
# `fri-mon` is accepted and never runs: the loop from 5 to 1 sets nothing. Asked of the
# package's own load_entry(), built from its source.
#
# Seen (days of the week that are set, 0 and 7 are Sunday):
#   0 0 * * 1#2: 1
#   0 0 * * fri-mon: none
#   0 0 * * mon-fri: 1 2 3 4 5
# Needs Debian with gcc, libc6-dev and dpkg-dev.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p parts lists/partial cache/archives/partial
printf 'Types: deb-src\nURIs: http://deb.debian.org/debian\nSuites: bookworm\nComponents: main\nSigned-By: %s\n' \
  /usr/share/keyrings/debian-archive-keyring.gpg > parts/src.sources
options=(-qq -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$folder/parts" -o "Dir::State::Lists=$folder/lists"
  -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User=root)
apt-get "${options[@]}" update
apt-get "${options[@]}" --download-only source cron=3.0pl1-162 > log 2>&1 || { echo "no source of cron 3.0pl1-162 here"; exit 77; }
dpkg-source --no-check -x cron_3.0pl1-162.dsc cron > log 2>&1
cat > ask.c << 'C'
#define MAIN_PROGRAM
#include "cron.h"
int main(int argc, char **argv) {
	char text[200];
	char *nothing[] = { NULL };
	struct passwd pw = { .pw_name = "root", .pw_dir = "/" };
	snprintf(text, sizeof text, "%s true\n", argv[1]);
	entry *e = load_entry(fmemopen(text, strlen(text), "r"), NULL, &pw, nothing);
	int any = 0;
	printf("%s:", argv[1]);
	for (int day = 0; e && day <= 7; day++)
		if (bit_test(e->dow, day)) any = printf(" %d", day);
	puts(e == NULL ? " refused" : any ? "" : " none");
}
C
gcc -w -std=gnu11 -DDEBUGGING=0 -DPOSIX -I cron -o ask ask.c cron/{entry,misc,env,compat}.c
seen=$(./ask '0 0 * * 1#2'; ./ask '0 0 * * fri-mon'; ./ask '0 0 * * mon-fri')
echo "$seen"
[ "$seen" = "0 0 * * 1#2: 1
0 0 * * fri-mon: none
0 0 * * mon-fri: 1 2 3 4 5" ]
