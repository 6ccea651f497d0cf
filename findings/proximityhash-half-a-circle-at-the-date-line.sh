#!/usr/bin/env bash
# proximityhash 3.0.1 (PyPI, the newest) with geohash2 1.1: of a circle over 180 degrees of longitude the half beyond is missing.
#
# It "generates a set of geohashes that cover a circular area, given the center coordinates and the radius". Beyond the 180th meridian the
# longitudes start again at -180 (RFC 7946, section 3.1.9, speaks of geometry that crosses it). proximityhash goes on to 180.03, for which
# geohash2.encode() has the last cell before the meridian, without an error; to the west of -180 likewise. Probes and hosts on the other
# side, some hundred metres away, are not in the set, on Taveuni in Fiji for example, which the meridian crosses. A circle of the same
# size elsewhere has all of its points.
#
# Seen (a radius of 5 km, cells of five characters, at 16.8 degrees south; whether the cell of a point 3 km from the middle is in the set):
#   177.00: north yes, east yes, south yes, west yes
#   179.99: north yes, east no, south yes, west yes
#   -179.99: north yes, east yes, south yes, west no
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile proximityhash==3.0.1 geohash2==1.1 ||
  { echo "no proximityhash 3.0.1 here"; exit 77; }
seen=$("$folder/venv/bin/python" -W ignore - << 'PYTHON'
from math import cos, radians

import geohash2
from proximityhash import create_geohash

latitude = -16.8
north = 3000 / 111_195  # degrees of 3 km, on a sphere of 6371 km
east = north / cos(radians(latitude))
for longitude in (177.0, 179.99, -179.99):
    cells = create_geohash(latitude, longitude, 5000, 5).split(",")
    points = {"north": (latitude + north, longitude), "east": (latitude, longitude + east),
              "south": (latitude - north, longitude), "west": (latitude, longitude - east)}
    inside = {name: geohash2.encode(y, (x + 540) % 360 - 180, 5) in cells for name, (y, x) in points.items()}
    print(f"{longitude:.2f}: " + ", ".join(f"{name} {'yes' if there else 'no'}" for name, there in inside.items()))
PYTHON
)
echo "$seen"
[ "$seen" = "177.00: north yes, east yes, south yes, west yes
179.99: north yes, east no, south yes, west yes
-179.99: north yes, east yes, south yes, west no" ]
