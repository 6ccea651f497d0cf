#!/bin/bash
# Healthy: chronyd answers on its private socket and has a stratum to serve time with (1 to 15).
set -euo pipefail

tracking=$(chronyc -n -c -h /tmp/chrony/chronyd.sock tracking)
stratum=$(cut -d, -f3 <<<"$tracking")
((stratum >= 1 && stratum <= 15))
