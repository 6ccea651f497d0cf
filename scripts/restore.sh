#!/bin/bash
# restore.sh FILE [--replace]: the platform as it was. A .tar.gz is a copy of the compose stack's files, else it is of dist/cli/backup.js.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

file=${1:?usage: make restore FILE=name [REPLACE=1]}
case $file in
*.tar.gz) exec bash deploy/restore.sh ${2:+--yes} "$file" ;;
*) exec node dist/cli/restore.js "$@" ;;
esac
