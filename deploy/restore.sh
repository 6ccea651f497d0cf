#!/bin/bash
# restore.sh [--yes] FILE.tar.gz: replaces the database's files by those of a copy that backup.sh made.
# The containers are stopped and stay so: `make start` follows.
set -euo pipefail

yes=no
if [[ ${1-} == --yes ]]; then
  yes=yes
  shift
fi
file=${1:?usage: restore.sh [--yes] FILE.tar.gz}
project=${COMPOSE_PROJECT_NAME:-pladmed}
gzip --test "$file"

container() {
  docker ps --all --quiet --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.service=$1"
}
mongo=$(container mongo)
mapfile -t servers < <(container server)
[[ -n $mongo ]] || { echo "The stack $project has no mongo container: start it once." >&2; exit 69; }

if [[ $yes == no ]]; then
  read -rp "This replaces the whole database of $project by $file. Go on (yes/no)? " answer
  [[ $answer == yes ]] || exit 1
fi
if ((${#servers[@]})); then
  docker stop -t 15 "${servers[@]}" >/dev/null
fi
docker stop -t 60 "$mongo" >/dev/null
docker run --rm --interactive --network none --user 0 --entrypoint bash --volumes-from "$mongo" \
  "$(docker inspect --format '{{.Image}}' "$mongo")" \
  -c 'find /data/db -mindepth 1 -delete && tar -C /data/db -xz --numeric-owner' <"$file"
echo "restored $file; make start follows"
