#!/usr/bin/env bash
# geolib 1.0.7 (PyPI, the newest): to decode a geohash leaves the program with a few digits for all of its decimal arithmetic.
#
# decode() sets the precision of the thread's decimal context and does not set it back; its documentation does not say so. Arithmetic with
# Decimal rounds to that precision, which is 28 digits at first (Python's documentation of decimal, "Context objects"). From then on each sum is
# cut to as many digits as the position had: a time in seconds since 1970 to a million of them, or twelve days, and a count of bytes
# likewise. The position itself, for which it is meant, is not rounded, as no arithmetic makes it: the documentation
# has (70.2995, -27.9993) there.
#
# Seen (1767268800.123456 + 0.5, a time in seconds since 1970, and the precision):
#   before: 1767268800.623456, 28
#   after decode('u4pru'): 1.77E+9, 3
#   after decode('gkkpfve'): 1.767E+9, 4
#   after decode('u4pruydqqvj'): 1.767269E+9, 7
#   gkkpfve: 70.2994537353515625, -27.9993438720703125
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile geolib==1.0.7 future==1.0.0 || { echo "no geolib 1.0.7 here"; exit 77; }
seen=$("$folder/venv/bin/python" -W ignore - << 'PYTHON'
import decimal
from decimal import Decimal
from geolib import geohash

def show(when):
    print(f"{when}: {Decimal('1767268800.123456') + Decimal('0.5')}, {decimal.getcontext().prec}")

show("before")
for code in ("u4pru", "gkkpfve", "u4pruydqqvj"):
    geohash.decode(code)
    show(f"after decode('{code}')")
position = geohash.decode("gkkpfve")
print(f"gkkpfve: {position.lat}, {position.lon}")
PYTHON
)
echo "$seen"
[ "$seen" = "before: 1767268800.623456, 28
after decode('u4pru'): 1.77E+9, 3
after decode('gkkpfve'): 1.767E+9, 4
after decode('u4pruydqqvj'): 1.767269E+9, 7
gkkpfve: 70.2994537353515625, -27.9993438720703125" ]
