#!/bin/bash
# The compose stack: start, debug, logs, stop. `make start` and its sisters call this.
#
#   start   make the settings if there are none, build, start, wait until every service is healthy, print where
#   debug   the same in the foreground, with debug logs, the server and the database on this machine's loopback
#   logs    follow the logs (more words: only these services)
#   stop    stop and remove the containers; the volumes, and so all data, stay
#
# COMPOSE_PROFILES=probe adds the probe. COMPOSE names the command if it is neither `docker compose` nor docker-compose.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

WAIT_SECONDS=${WAIT_SECONDS:-240}
export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-pladmed}

if [[ -n ${COMPOSE-} ]]; then
  read -ra compose <<<"$COMPOSE"
elif docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  echo 'Neither docker compose (v2) nor docker-compose is installed.' >&2
  exit 69
fi

containers() {
  docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
}

# One line for each container that is not (yet) as it should be: running and healthy, or ended well (mongo-init).
unready() {
  local ids
  ids=$(containers)
  # shellcheck disable=SC2086 # one word for each id
  docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}} {{.State.ExitCode}}' $ids |
    grep -vE '^[a-z-]+ running (healthy)? 0$|^mongo-init exited [a-z]* ?0$' || true
}

wait_until_healthy() {
  local deadline=$((SECONDS + WAIT_SECONDS)) left=''
  while ((SECONDS < deadline)); do
    left=$(unready)
    if [[ -z $left ]]; then
      return 0
    fi
    sleep 1
  done
  echo "Not healthy after $WAIT_SECONDS s:" >&2
  echo "$left" >&2
  return 1
}

case ${1-} in
  start)
    bash deploy/env.sh
    "${compose[@]}" up --detach --build
    wait_until_healthy
    echo "Pladmed is up: http://localhost:${HTTP_PORT:-80}/docs (time: UDP port ${NTP_PORT:-123})"
    ;;
  debug)
    bash deploy/env.sh
    exec "${compose[@]}" -f docker-compose.yml -f deploy/compose.debug.yml up --build
    ;;
  logs)
    exec "${compose[@]}" logs --follow --tail=200 "${@:2}"
    ;;
  stop)
    # With every profile on, so that a probe is stopped too.
    COMPOSE_PROFILES=probe "${compose[@]}" down --remove-orphans
    ;;
  *)
    sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
    ;;
esac
