#!/usr/bin/env bash
# python-crontab 3.4.0 (PyPI; 2.5.1 as well) writes a range that spans its field as `*`, which to cron is not the same.
#
# crontab(5) of Debian's cron, vixie cron and cronie: a day field that begins with `*` is unrestricted, and then both day fields must
# match; otherwise one of them is enough. So `0 0 1-31/2 * 1` (odd days, and Mondays) comes back as `0 0 */2 * 1` (Mondays on odd
# days), and `0 0 1-31 * 1` (every day) as Mondays alone: on setall(), and on reading and writing a table that has the line.
#
# Seen:
#   0 0 1-31/2 * 1 -> 0 0 */2 * 1
#   0 0 1-31 * 1 -> 0 0 * * 1
#   0 0 1 * 0-6 -> @monthly
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-crontab==3.4.0
seen=$("$folder/venv/bin/python" - << 'PYTHON'
from crontab import CronTab
for expression in ("0 0 1-31/2 * 1", "0 0 1-31 * 1", "0 0 1 * 0-6"):
    table = CronTab(tab=expression + " true\n")
    print(expression, "->", table.render().strip().removesuffix(" true"))
PYTHON
)
echo "$seen"
[ "$seen" = "0 0 1-31/2 * 1 -> 0 0 */2 * 1
0 0 1-31 * 1 -> 0 0 * * 1
0 0 1 * 0-6 -> @monthly" ]
