#!/usr/bin/env bash
# which-country 1.0.0 and country-reverse-geocoding 0.2.2 (npm, both the newest): Geneva is in France, Windsor in the USA, and Mumbai nowhere.
#
# Both say in which country a position is, without a word on how exact that is (which-country: not for territorial waters), and carry a map of the
# world with so few corners that borders are off by up to tens of kilometres. Cities by a border or the sea are where networks meet:
# Geneva, Brazzaville and Windsor get the neighbour's code, and Mumbai and Montevideo none. Kosovo's code, RKS or KOS, is neither of
# ISO 3166-1 nor the XKX that is used in its place. Counts of probes by country made with them are wrong for small countries
# first. @rapideditor/country-coder 5.6.1, with its finer map, is right.
#
# Seen (which-country, country-reverse-geocoding, country-coder):
#   Geneva: FRA FRA CHE
#   Brazzaville: COD COD COG
#   Windsor, Ontario: USA USA CAN
#   Singapore: MYS SGP SGP
#   Mumbai: none none IND
#   Montevideo: none none URY
#   Pristina: RKS KOS XKX
# Needs: node >= 20 with npm.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . which-country@1.0.0 country-reverse-geocoding@0.2.2 @rapideditor/country-coder@5.6.1 > /dev/null \
  || { echo "no which-country 1.0.0, country-reverse-geocoding 0.2.2 or country-coder 5.6.1 here"; exit 77; }
cat > where.mjs << 'JAVASCRIPT'
import { createRequire } from 'node:module';
import { iso1A3Code } from '@rapideditor/country-coder';
const require = createRequire(import.meta.url);
const whichCountry = require('which-country');
const reverse = require('country-reverse-geocoding').country_reverse_geocoding();
const PLACES = {
  Geneva: [46.2, 6.14],
  Brazzaville: [-4.27, 15.27],
  'Windsor, Ontario': [42.3, -83.02],
  Singapore: [1.29, 103.82],
  Mumbai: [19.07, 72.85],
  Montevideo: [-34.9, -56.19],
  Pristina: [42.66, 21.16],
};
for (const [place, [latitude, longitude]] of Object.entries(PLACES)) {
  const position = [longitude, latitude];
  console.log(`${place}: ${whichCountry(position) ?? 'none'} ${reverse.get_country(latitude, longitude)?.code ?? 'none'} ${iso1A3Code(position)}`);
}
JAVASCRIPT
seen=$(node where.mjs)
echo "$seen"
[ "$seen" = "Geneva: FRA FRA CHE
Brazzaville: COD COD COG
Windsor, Ontario: USA USA CAN
Singapore: MYS SGP SGP
Mumbai: none none IND
Montevideo: none none URY
Pristina: RKS KOS XKX" ]
