#!/bin/bash
# backup.sh [FILE]: the platform in one file. Of the compose stack where it runs here (deploy/backup.sh), else of the server that
# `make run` starts, or of the database that the environment names; that one may go on running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

when=$(date -u +%Y-%m-%dT%H%M%SZ)
if command -v docker >/dev/null &&
  [[ -n $(docker ps --quiet --filter "label=com.docker.compose.project=${COMPOSE_PROJECT_NAME:-pladmed}" 2>/dev/null) ]]; then
  exec bash deploy/backup.sh "${1:-pladmed-$when.tar.gz}"
fi
scripts/tools.sh libcurl
node scripts/mongod.mjs
exec node dist/cli/backup.js "${1:-pladmed-$when.tar.gz}"
