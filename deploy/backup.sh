#!/bin/bash
# backup.sh FILE.tar.gz: stops server and mongo, copies the database's files into FILE, starts both again.
set -euo pipefail

file=${1:?usage: backup.sh FILE.tar.gz}
project=${COMPOSE_PROJECT_NAME:-pladmed}
if [[ -e $file ]]; then
  echo "$file is there already." >&2
  exit 73
fi

container() {
  docker ps --all --quiet --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.service=$1"
}
mongo=$(container mongo)
mapfile -t servers < <(container server)
[[ -n $mongo ]] || { echo "The stack $project has no mongo container: start it once." >&2; exit 69; }

resume() {
  docker start "$mongo" >/dev/null
  if ((${#servers[@]})); then
    docker start "${servers[@]}" >/dev/null
  fi
}
trap resume EXIT
if ((${#servers[@]})); then
  docker stop -t 15 "${servers[@]}" >/dev/null
fi
docker stop -t 60 "$mongo" >/dev/null
umask 077
docker run --rm --network none --user 0 --entrypoint tar --volumes-from "$mongo:ro" \
  "$(docker inspect --format '{{.Image}}' "$mongo")" -C /data/db -cz . >"$file.part"
mv "$file.part" "$file"
echo "copied the database of $project into $file ($(du -h "$file" | cut -f1))"
