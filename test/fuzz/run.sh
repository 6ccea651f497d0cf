#!/usr/bin/env bash
# Fuzzes a server of its own by its OpenAPI document, as every kind of caller, and its door for RIPE Atlas's clients by drawn requests:
# no 5xx, no answer that the document does not describe, and nothing private for strangers.
# usage: test/fuzz/run.sh [SEED...]        EXAMPLES=50: cases for each route and seed; WHO="user read": as these alone;
#   ROUTES=results: those that match; PHASES=fuzzing,stateful; CASES=300: of each property of the door; ONLY=atlas: that alone
set -euo pipefail
cd "$(dirname "$0")/../.."
ROOT=$PWD

VERSION=4.32.5
TOOLS=.tools/fuzz
EXAMPLES=${EXAMPLES:-50}
SEEDS=("$@")
[ ${#SEEDS[@]} -gt 0 ] || SEEDS=(1)

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

export DATA_DIR PASSWORD_COST=4 LOGIN_MAX_FAILURES=0 LOGIN_MAX_FAILURES_PER_ADDRESS=0 HOST=127.0.0.1 LOG_LEVEL=warn NODE_ENV=test
PORT=$(node -e 'const s = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close() })')
export PORT
URL=http://127.0.0.1:$PORT
node dist/main.js >"$DATA_DIR/server.log" 2>&1 &
SERVER=$!
curl --silent --fail --output /dev/null --retry 120 --retry-delay 1 --retry-connrefused "$URL/health/ready"

export FUZZ_URL=$URL

# --- accounts and keys of every kind, and something to find -------------------------------------------------------------
make_world() { # SUFFIX
  # no password of the document's examples: an account is changed and deleted with its own
  local world password=Battery-Staple-9
  node dist/cli/superuser.js create "admin-$1@example.org" $password
  world=$(node test/fuzz/world.mjs "$URL" "admin-$1@example.org" $password "$1")
  eval "$world"
}

# --- the endless route, for a moment each -----------------------------------------------------------------------------
expect() { # STATUS CONTENT_TYPE ARGS...
  local got
  got=$(curl --silent --max-time 2 --output /dev/null --write-out '%{http_code} %{content_type}' "${@:3}" || true)
  [[ "$got" == "$1 $2"* ]] || { echo "expected $1 $2, got $got: ${*:3}" >&2; exit 1; }
}
look_at_events() {
  local events=$URL/api/v1/operations/$FUZZ_OPERATION/events
  expect 200 text/event-stream "$events" --header "authorization: Bearer $FUZZ_OWNER"
  expect 401 application/problem+json "$events"
  expect 404 application/problem+json "$URL/api/v1/operations/1/events" --header "authorization: Bearer $FUZZ_OWNER"
}

# --- the run ----------------------------------------------------------------------------------------------------------
still_in() {
  local status
  status=$(curl --silent --output /dev/null --write-out '%{http_code}' "$URL/api/v1/operations" --header "authorization: Bearer $FUZZ_TOKEN")
  [ "$status" = 200 ] || [ "$status" = 403 ] # a key without the scope is known
}
# the coverage of a document by systematic cases takes minutes, and says of one kind of caller what it says of the others like it
phases_of() {
  case $1 in
    anonymous | user | superuser) echo examples,coverage,fuzzing,stateful ;;
    *) echo examples,fuzzing,stateful ;;
  esac
}
fuzz() {
  # in a folder that goes away: it leaves files where it runs
  (cd "$DATA_DIR" && PYTHONPATH=$ROOT/test/fuzz SCHEMATHESIS_HOOKS=hooks "$ROOT/$TOOLS/bin/schemathesis" --config-file "$ROOT/test/fuzz/schemathesis.toml" run \
    "$URL/docs/openapi.json" --exclude-path '/api/v1/operations/{id}/events' --exclude-path /delete_all --max-examples "$EXAMPLES" \
    --phases "${PHASES:-$(phases_of "$FUZZ_WHO")}" ${ROUTES:+--include-path-regex "$ROUTES"} \
    --generation-database none --continue-on-failure --warnings off --no-color "$@")
}
failed=0
[ "${ONLY:-}" != atlas ] || SEEDS=()
for seed in "${SEEDS[@]}"; do
  make_world "$seed"
  look_at_events
  for who in ${WHO:-anonymous visitor user owner read measure probes admin superuser}; do
    variable=FUZZ_${who^^}
    export FUZZ_WHO=$who FUZZ_TOKEN=${!variable:-none}
    echo "=== as $who, seed $seed"
    fuzz --seed "$seed" || failed=1
    # of all routes together a sequence seldom comes from a thing that was made to its end: an owner's things by themselves
    if [ "$who" = owner ] && [ -z "${ROUTES:-}" ]; then
      for ROUTES in '^/api/v1/users/me/keys' '^/api/v1/sites' '^/api/v1/imports' '^/api/v1/probes' '^/api/v1/(operations|results)'; do
        echo "=== as $who, seed $seed: what follows from what was made, $ROUTES"
        PHASES=stateful fuzz --seed "$seed" || failed=1
      done
      ROUTES=
    fi
    # who was thrown out has seen nothing but 401
    if [ "$who" != anonymous ] && ! still_in; then
      echo "the credential of $who was ended on the way" >&2
      failed=1
    fi
  done
done
echo "=== the door of RIPE Atlas's clients"
make_world door
URL=$URL USER_TOKEN=$FUZZ_OWNER node --import tsx test/fuzz/atlas.ts || failed=1

if grep -q '"level":50' "$DATA_DIR/server.log"; then
  echo "The server logged errors of its own:" >&2
  grep '"level":50' "$DATA_DIR/server.log" | head -20 >&2
  failed=1
fi
exit $failed
