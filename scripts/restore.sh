#!/bin/bash
# restore.sh FILE [--replace]: the platform as it was. A copy of the compose stack's files is known by what it holds; anything else is
# for dist/cli/restore.js to judge.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

file=${1:?usage: make restore FILE=name [REPLACE=1]}
# deploy/backup.sh packs a folder, dist/cli/backup.js begins with a header.
if [[ $(tar -tzf "$file" 2>/dev/null | head -n 1) == ./ ]]; then
  exec bash deploy/restore.sh ${2:+--yes} "$file"
fi
scripts/tools.sh libcurl
node scripts/mongod.mjs
exec node dist/cli/restore.js "$@"
