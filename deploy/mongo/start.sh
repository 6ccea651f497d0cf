#!/bin/bash
# Writes the replica set's keyfile from the environment and becomes mongod.
#
#   MONGO_REPLICA_KEY  what the members of the replica set share: 6 to 1024 characters of base64 (required)
#   MONGO_REPLICA_SET  name of the replica set (default: rs0)
#   MONGO_CACHE_GB     memory for WiredTiger's cache in GB (default: mongod's own, half of the memory)
set -euo pipefail

fail() {
  echo "mongo: $*" >&2
  exit 64
}

key=${MONGO_REPLICA_KEY-}
[[ $key != change-me && $key =~ ^[A-Za-z0-9+/=]{6,1024}$ ]] ||
  fail 'MONGO_REPLICA_KEY in .env_database must be 6 to 1024 random letters and digits (make start makes one).'

keyfile=/tmp/keyfile
rm -f "$keyfile"
(umask 0377 && printf '%s\n' "$key" >"$keyfile")
unset MONGO_REPLICA_KEY MONGO_INITDB_ROOT_USERNAME MONGO_INITDB_ROOT_PASSWORD

options=(--dbpath /data/db --bind_ip_all --replSet "${MONGO_REPLICA_SET:-rs0}" --keyFile "$keyfile")
if [[ -n ${MONGO_CACHE_GB-} ]]; then
  options+=(--wiredTigerCacheSizeGB "$MONGO_CACHE_GB")
fi
exec mongod "${options[@]}" "$@"
