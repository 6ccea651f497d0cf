#!/bin/bash
# `make test-platforms`: the packed decoder in Node, in Debian's chromium and in Deno. The npm package `deno` brings the last, in a
# temporary folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" deno@2
DENO=$work/node_modules/.bin/deno npm test --silent -- --selectProjects warts-programs --testPathPatterns warts/test/platforms
