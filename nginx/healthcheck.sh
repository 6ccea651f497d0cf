#!/bin/bash
# Healthy: nginx answers. (The image has bash, but not always curl.)
set -euo pipefail

exec 3<>/dev/tcp/127.0.0.1/8080
printf 'GET /nginx-health HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
IFS= read -r status <&3
[[ $status == *' 200 '* ]]
