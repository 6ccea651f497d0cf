#!/bin/bash
# Makes .env_server and .env_database from their examples, with random secrets, readable by their owner only.
# A file that exists is left as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

secret() { od -An -tx1 -N32 /dev/urandom | tr -d ' \n'; }

for name in .env_server .env_database; do
  if [[ -e $name ]]; then
    continue
  fi
  made=$(mktemp "$name.XXXXXX") # mode 0600
  trap 'rm -f "$made"' EXIT
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line == [A-Z]*=change-me ]]; then
      line=${line%change-me}$(secret)
    fi
    printf '%s\n' "$line"
  done <"$name.example" >"$made"
  # A link and not a move: of two starts at once one makes the file and neither replaces it.
  if ln "$made" "$name" 2>/dev/null; then
    echo "made $name with new secrets"
  fi
  rm -f "$made"
done
