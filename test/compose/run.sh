#!/bin/bash
# `make compose-test`: builds the compose stack, starts it for real and holds it against scenario.mjs; whatever
# happens, nothing of it is left behind but images (they make the next run quick).
#
#   COMPOSE_TEST_BASES    local: bases from package registries (bases.sh); public: the images named in
#                         docker-compose.yml, which must be pullable (default: local)
#   COMPOSE_TEST_INSTALL  1: install the docker engine and debootstrap from Debian if they are missing
#   COMPOSE_TEST_SECONDS  time limit for everything after the bases (default: 1800; it bounds what hangs)
#
# Exit codes: 0 passed, 77 skipped (no docker engine can be had; it says why), anything else failed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
engine_pid=''
bases=${COMPOSE_TEST_BASES:-local}
export COMPOSE_PROJECT_NAME=pladmed-test-$$

say() { echo "compose-test: $*"; }
skip() {
  say "SKIPPED: $*"
  exit 77
}

remove_all() { # of the project: containers, then networks and volumes
  local label=label=com.docker.compose.project=$COMPOSE_PROJECT_NAME
  docker ps -aq --filter "$label" | xargs -r docker rm --force --volumes >/dev/null || true
  docker network ls -q --filter "$label" | xargs -r docker network rm >/dev/null || true
  docker volume ls -q --filter "$label" | xargs -r docker volume rm --force >/dev/null || true
}

finish() {
  local code=$?
  trap - EXIT
  set +e
  if docker info >/dev/null 2>&1; then
    remove_all
  fi
  if [[ -n $engine_pid ]]; then
    kill "$engine_pid" 2>/dev/null
    for _ in {1..100}; do
      kill -0 "$engine_pid" 2>/dev/null || break
      sleep 0.2
    done
  fi
  rm -rf "$work"
  case $code in
    0) say "PASSED in $SECONDS s" ;;
    77) ;;
    *) say "FAILED (exit code $code) after $SECONDS s" ;;
  esac
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

install_tools() {
  local missing=()
  command -v dockerd >/dev/null || missing+=(docker.io)
  command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 || missing+=(docker-compose)
  command -v openssl >/dev/null || missing+=(openssl)
  [[ $bases == public ]] || command -v debootstrap >/dev/null || missing+=(debootstrap)
  if ((${#missing[@]} == 0)); then
    return
  fi
  if [[ ${COMPOSE_TEST_INSTALL-} != 1 ]] || ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    return
  fi
  say "installing ${missing[*]}"
  {
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      "${missing[@]}" iptables ca-certificates
  } >"$work/apt.log" 2>&1 || {
    tail -n 5 "$work/apt.log"
    skip "apt-get cannot install ${missing[*]}."
  }
}

start_engine() {
  if docker info >/dev/null 2>&1; then
    return
  fi
  command -v dockerd >/dev/null || skip 'no docker engine answers, and dockerd is not installed.'
  ((EUID == 0)) || skip 'no docker engine answers, and only root can start dockerd.'
  local options
  for options in '' '--storage-driver=vfs' '--storage-driver=vfs --iptables=false'; do
    say "starting dockerd $options"
    # shellcheck disable=SC2086 # words
    dockerd --pidfile "$work/dockerd.pid" $options >"$work/dockerd.log" 2>&1 &
    engine_pid=$!
    for _ in {1..60}; do
      if docker info >/dev/null 2>&1; then
        return
      fi
      kill -0 "$engine_pid" 2>/dev/null || break
      sleep 0.5
    done
    kill "$engine_pid" 2>/dev/null || true
    wait "$engine_pid" 2>/dev/null || true
    engine_pid=''
  done
  tail -n 3 "$work/dockerd.log"
  skip 'dockerd cannot run on this machine (the lines above are its last).'
}

install_tools
command -v docker >/dev/null || skip 'the docker client is not installed.'
if ! docker compose version >/dev/null 2>&1 && ! command -v docker-compose >/dev/null; then
  skip 'neither docker compose (v2) nor docker-compose is installed.'
fi
start_engine
say "engine $(docker version --format '{{.Server.Version}}')"

if [[ $bases == local ]]; then
  ((EUID == 0)) || skip 'the local bases need root (debootstrap); COMPOSE_TEST_BASES=public does not.'
  bash "$here/bases.sh" >"$work/images"
  while IFS='=' read -r name image; do
    export "$name=$image"
  done <"$work/images"
  say "bases ready after $SECONDS s"
fi

# A copy without anything that git does not know: the build must not need more, and the settings of a stack that
# runs from this checkout stay as they are.
mkdir "$work/stack"
git -C "$repository" ls-files -z --cached --others --exclude-standard |
  tar -C "$repository" --null --files-from=- --ignore-failed-read -c | tar -C "$work/stack" -x

cd "$work/stack"
timeout --kill-after=10 "${COMPOSE_TEST_SECONDS:-1800}" node test/compose/scenario.mjs
