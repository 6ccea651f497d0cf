#!/usr/bin/env bash
# python-crontab 3.4.0 (PyPI; 2.5.1 as well) moves the start of a weekday range from Monday to 7 when it has a step.
#
# A range that ends in 7 and begins with 1 is taken for the whole week, from 0: without a step that is the same set of days, with
# one it is the others. `1-7/2` is Mon, Wed, Fri, Sun to crontab(5); what comes back, `*/2`, is Sun, Tue, Thu, Sat. Its own count of
# runs agrees with cron's before (four days a week) and not on which.
#
# Seen:
#   0 0 * * 1-7/2 -> 0 0 * * */2 : days [0, 2, 4, 6]
#   0 0 * * 1-7/3 -> 0 0 * * */3 : days [0, 3, 6]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-crontab==3.4.0
seen=$("$folder/venv/bin/python" - << 'PYTHON'
from crontab import CronTab
for expression in ("0 0 * * 1-7/2", "0 0 * * 1-7/3"):
    job = CronTab(tab="").new(command="true")
    job.setall(expression)
    print(expression, "->", str(job).removesuffix(" true"), ": days", sorted(job.dow))
PYTHON
)
echo "$seen"
[ "$seen" = "0 0 * * 1-7/2 -> 0 0 * * */2 : days [0, 2, 4, 6]
0 0 * * 1-7/3 -> 0 0 * * */3 : days [0, 3, 6]" ]
