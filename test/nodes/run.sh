#!/bin/bash
# `make test-nodes`: the tests of `make test-unit`, which need nothing but node, then the demo (server, database, probe, three
# measurements), with each version of Node that Pladmed is made for. The npm package `node` brings them, in a temporary folder.
#
#   NODES  versions to try (default: the oldest that package.json allows, 22, 24)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

read -ra versions <<<"${NODES:-20.19.0 22 24}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
path=$PATH

say() { echo "test-nodes: $*"; }

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

failed=()
for version in "${versions[@]}"; do
  npm install --silent --no-audit --no-fund --prefix "$work/$version" "node@$version"
  PATH=$work/$version/node_modules/node/bin:$path
  hash -r
  say "Node $(node -p process.versions.node)"
  node test/run.mjs --web --selectProjects unit warts sntp protocol probe cli || failed+=("$version: tests")
  PORT=$(free_port) DATA_DIR=$work/$version/data DEMO_EXIT=1 node dist/demo/demo.js || failed+=("$version: demo")
done

if ((${#failed[@]})); then
  printf 'test-nodes: FAILED with %s\n' "${failed[@]}"
  exit 1
fi
say "PASSED with ${versions[*]}"
