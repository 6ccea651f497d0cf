#!/usr/bin/env bash
# dns-zonefile 0.3.2 and zone-file 1.0.0 (npm, both the newest): records of a zone go to other names, get other data, or are not there.
#
# RFC 1035, section 5.1: a line that begins with a blank belongs to the name stated last; class and TTL may stand in either order;
# parentheses group data over lines, in records of any type. dns-zonefile gives such a line to the last name that has a record of the same
# type, or to the top of the zone, so that the mail of a host becomes the mail of the domain; drops `IN 300 A`; and reads parentheses in the
# SOA record alone. zone-file takes the first word of such a line for its name, and behind the second pair of parentheses it joins and cuts
# other lines, so that a host has an address of `"two"`. Neither says a word. dnspython 2.7.0 reads the zone right, as a server does.
#
# Seen (names relative to example.com):
#   dnspython: end MX mx, mail A 192.0.2.4, mail MX mx, text TXT "one" "two", ttl A 192.0.2.3, www A 192.0.2.2, www AAAA 2001:db8::2
#   dns-zonefile: @ AAAA 2001:db8::2, @ MX mx, end MX 10, mail A 192.0.2.4, text TXT ( "one", www A 192.0.2.2
#   zone-file: 10 MX mx, 300 AAAA 2001:db8::2, end MX 10, mail A "two", mx MX mx, text TXT one, ttl A 192.0.2.3, www A 192.0.2.2
# Needs: node >= 20 with npm, python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . dns-zonefile@0.3.2 zone-file@1.0.0 > /dev/null || { echo "no dns-zonefile 0.3.2 or zone-file 1.0.0 here"; exit 77; }
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile dnspython==2.7.0 || { echo "no dnspython 2.7.0 here"; exit 77; }
cat > zone << 'ZONE'
$ORIGIN example.com.
$TTL 3600
@ IN SOA ns.example.com. host.example.com. ( 2026113001
  7200 3600 1209600 300 )
www 300 IN A 192.0.2.2
    300 IN AAAA 2001:db8::2
ttl IN 300 A 192.0.2.3
text IN TXT ( "one"
   "two" )
mail IN A 192.0.2.4
     IN MX 10 mx
end IN MX ( 10
   mx )
ZONE
cat > read.py << 'PYTHON'
import dns.rdatatype, dns.zone

records = [f"{name} {dns.rdatatype.to_text(data.rdtype)} {data.to_text().split(maxsplit=1)[-1] if data.rdtype == dns.rdatatype.MX else data}"
           for name, _, data in dns.zone.from_file("zone", origin="example.com.", relativize=True, check_origin=False).iterate_rdatas()
           if data.rdtype != dns.rdatatype.SOA]
print("dnspython: " + ", ".join(sorted(records)))
PYTHON
cat > read.mjs << 'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import zonefile from 'dns-zonefile';
import zoneFile from 'zone-file';

const text = readFileSync('zone', 'utf8');
for (const [library, zone] of [['dns-zonefile', zonefile.parse(text)], ['zone-file', zoneFile.parseZoneFile(text)]]) {
  const records = ['a', 'aaaa', 'mx', 'txt'].flatMap((type) =>
    (zone[type] ?? []).map(({ name, ip, host, txt }) => `${name} ${type.toUpperCase()} ${ip ?? host ?? txt}`));
  console.log(`${library}: ${records.sort().join(', ')}`);
}
JAVASCRIPT
seen=$(venv/bin/python read.py; node read.mjs)
echo "$seen"
[ "$seen" = 'dnspython: end MX mx, mail A 192.0.2.4, mail MX mx, text TXT "one" "two", ttl A 192.0.2.3, www A 192.0.2.2, www AAAA 2001:db8::2
dns-zonefile: @ AAAA 2001:db8::2, @ MX mx, end MX 10, mail A 192.0.2.4, text TXT ( "one", www A 192.0.2.2
zone-file: 10 MX mx, 300 AAAA 2001:db8::2, end MX 10, mail A "two", mx MX mx, text TXT one, ttl A 192.0.2.3, www A 192.0.2.2' ]
