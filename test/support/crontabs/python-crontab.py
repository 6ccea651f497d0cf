"""What a fielded probe's python-crontab writes into its crontab: an expression a line in, the five fields (or a nickname) out.

As there (operations_manager.py): a job is added, the table is written, read again for the job that stops it, and written again.
"""

import sys

from crontab import CronTab

for line in sys.stdin:
    try:
        table = CronTab(tab="")
        table.new(command="measure", comment="id").setall(line.rstrip("\n"))
        again = CronTab(tab=table.render())
        again.new(command="stop", comment="id").setall("59 23 31 12 *")
        print(again.render().lstrip("\n").split(" measure")[0])
    except (ValueError, KeyError) as error:
        print(type(error).__name__)
