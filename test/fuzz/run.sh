#!/usr/bin/env bash
# Fuzzes a server of its own by its OpenAPI document, and its door for RIPE Atlas's clients by drawn requests: no 5xx, and no answer
# that the document does not describe.
# usage: test/fuzz/run.sh [SEED...]        EXAMPLES=50: cases for each route and seed; CASES=300: of each property of the door; ONLY=atlas: that alone
set -euo pipefail
cd "$(dirname "$0")/../.."
ROOT=$PWD

VERSION=4.32.5
TOOLS=.tools/fuzz
EXAMPLES=${EXAMPLES:-50}
SEEDS=("$@")
[ ${#SEEDS[@]} -gt 0 ] || SEEDS=(1 2 3)

if [ "${ONLY:-}" != atlas ] && [ "$("$TOOLS/bin/schemathesis" --version 2>/dev/null)" != "schemathesis, version $VERSION" ]; then
  echo "Installing schemathesis $VERSION"
  python3 -m venv "$TOOLS"
  "$TOOLS/bin/pip" install --quiet "schemathesis==$VERSION"
fi

DATA_DIR=$(mktemp -d)
SERVER=
clean_up() {
  if [ -n "$SERVER" ]; then kill "$SERVER" 2>/dev/null && wait "$SERVER" || true; fi
  rm -rf "$DATA_DIR"
}
trap clean_up EXIT

export DATA_DIR PASSWORD_COST=4 HOST=127.0.0.1 LOG_LEVEL=warn NODE_ENV=test
PORT=$(node -e 'const s = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close() })')
export PORT
URL=http://127.0.0.1:$PORT
node dist/main.js >"$DATA_DIR/server.log" 2>&1 &
SERVER=$!
curl --silent --fail --output /dev/null --retry 120 --retry-delay 1 --retry-connrefused "$URL/health/ready"

# --- two accounts, and something to find -----------------------------------------------------------------------------
member() { node -pe 'JSON.parse(require("fs").readFileSync(0, "utf8"))[process.argv[1]]' "$1"; }
post() { curl --silent --fail --header 'content-type: application/json' "${@:3}" --data "$2" "$URL$1"; }
log_in() { post /api/v1/auth/login "$1" | member access_token; }

ADMIN='{"email":"admin@example.org","password":"Correct-Horse-7"}'
USER='{"email":"user@example.org","password":"Correct-Horse-7"}'
node dist/cli/superuser.js create admin@example.org Correct-Horse-7
FUZZ_USER=$(post /api/v1/auth/register "$USER" | member id)
ADMIN_TOKEN=$(log_in "$ADMIN")
USER_TOKEN=$(log_in "$USER")
post "/api/v1/users/$FUZZ_USER/credits" '{"credits":1000000}' --header "authorization: Bearer $ADMIN_TOKEN" >/dev/null
FUZZ_PROBE=$(post /api/v1/probes '{"location":{"longitude":1,"latitude":2}}' --header "authorization: Bearer $USER_TOKEN" | member id)
FUZZ_OPERATION=$(post /api/v1/operations \
  "{\"kind\":\"ping\",\"params\":{\"ips\":[\"192.0.2.1\"]},\"schedule\":{\"type\":\"once\"},\"probes\":[\"$FUZZ_PROBE\"]}" \
  --header "authorization: Bearer $USER_TOKEN" | member id)
export FUZZ_USER FUZZ_PROBE FUZZ_OPERATION

# --- the endless route, for a moment each -----------------------------------------------------------------------------
expect() { # STATUS CONTENT_TYPE ARGS...
  local got
  got=$(curl --silent --max-time 2 --output /dev/null --write-out '%{http_code} %{content_type}' "${@:3}" || true)
  [[ "$got" == "$1 $2"* ]] || { echo "expected $1 $2, got $got: ${*:3}" >&2; exit 1; }
}
EVENTS=$URL/api/v1/operations/$FUZZ_OPERATION/events
expect 200 text/event-stream "$EVENTS" --header "authorization: Bearer $USER_TOKEN"
expect 401 application/problem+json "$EVENTS"
expect 404 application/problem+json "$URL/api/v1/operations/1/events" --header "authorization: Bearer $USER_TOKEN"

# --- the run ----------------------------------------------------------------------------------------------------------
fuzz() {
  # in a folder that goes away: it leaves files where it runs
  (cd "$DATA_DIR" && "$ROOT/$TOOLS/bin/schemathesis" --config-file "$ROOT/test/fuzz/schemathesis.toml" run \
    "$URL/docs/openapi.json" --exclude-path '/api/v1/operations/{id}/events' --max-examples "$EXAMPLES" \
    --generation-database none --warnings off --no-color "$@")
}
failed=0
[ "${ONLY:-}" != atlas ] || SEEDS=()
for seed in "${SEEDS[@]}"; do
  for who in anonymous user superuser; do
    case $who in
      anonymous) export FUZZ_TOKEN=none ;;
      user) export FUZZ_TOKEN=$USER_TOKEN ;;
      superuser) export FUZZ_TOKEN=$ADMIN_TOKEN ;;
    esac
    echo "=== as $who, seed $seed"
    fuzz --seed "$seed" || failed=1
  done
done
echo "=== the door of RIPE Atlas's clients"
URL=$URL USER_TOKEN=$USER_TOKEN node --import tsx test/fuzz/atlas.ts || failed=1

if grep -q '"level":50' "$DATA_DIR/server.log"; then
  echo "The server logged errors of its own:" >&2
  grep '"level":50' "$DATA_DIR/server.log" | head -20 >&2
  failed=1
fi
exit $failed
