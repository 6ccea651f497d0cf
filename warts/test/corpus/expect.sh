#!/bin/sh
# Writes what scamper's tools print for the warts files of a folder to its expected.txt: sh expect.sh FOLDER
set -eu
cd "$1"
for file in *.warts; do
  echo "== $file"
  TZ=UTC sc_warts2json "$file" 2>/dev/null || true
  sc_analysis_dump -C "$file" 2>/dev/null || true
done > expected.txt
