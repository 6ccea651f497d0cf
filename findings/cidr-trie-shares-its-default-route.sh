#!/usr/bin/env bash
# cidr-trie 3.1.2 (PyPI, the newest): a prefix at the address 0.0.0.0 or :: that is put into one trie is in all of them.
#
# Each trie is a table of its own: one of each day, of each collector, of each router. The root of a trie holds what belongs to the lowest address,
# in a dictionary that all roots share (a default argument, made once). The default route of one table answers in the others, with
# the value that was put in last; in one of IPv6 the 0.0.0.0/0 of an IPv4 table is ::/0. A table of announced prefixes without a default finds a
# network for each address of the Internet: none is "not announced" any more. Its documentation has several tries, and 0.0.0.0/0 in its example.
#
# Seen (three tries, filled in this order; what find_all() finds):
#   a, with 0.0.0.0/0 "A", finds for 198.51.100.1: [('0.0.0.0/0', 'A')]
#   b, with 192.0.2.0/24 "B", finds for 198.51.100.1: [('0.0.0.0/0', 'A')]
#   c, with 2001:db8::/32 "C", finds for 2606:4700::1: [('::/0', 'A')]
#   b after 0.0.0.0/1 "B" was put into it; a finds for 9.9.9.9: [('0.0.0.0/0', 'A'), ('0.0.0.0/1', 'B')]
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile cidr-trie==3.1.2 || { echo "no cidr-trie 3.1.2 here"; exit 77; }
seen=$("$folder/venv/bin/python" - << 'PYTHON'
from cidr_trie import PatriciaTrie

a, b, c = PatriciaTrie(), PatriciaTrie(), PatriciaTrie()
a.insert("0.0.0.0/0", "A")
print('a, with 0.0.0.0/0 "A", finds for 198.51.100.1:', a.find_all("198.51.100.1"))
b.insert("192.0.2.0/24", "B")
print('b, with 192.0.2.0/24 "B", finds for 198.51.100.1:', b.find_all("198.51.100.1"))
c.insert("2001:db8::/32", "C")
print('c, with 2001:db8::/32 "C", finds for 2606:4700::1:', c.find_all("2606:4700::1"))
b.insert("0.0.0.0/1", "B")
print('b after 0.0.0.0/1 "B" was put into it; a finds for 9.9.9.9:', a.find_all("9.9.9.9"))
PYTHON
)
echo "$seen"
[ "$seen" = "a, with 0.0.0.0/0 \"A\", finds for 198.51.100.1: [('0.0.0.0/0', 'A')]
b, with 192.0.2.0/24 \"B\", finds for 198.51.100.1: [('0.0.0.0/0', 'A')]
c, with 2001:db8::/32 \"C\", finds for 2606:4700::1: [('::/0', 'A')]
b after 0.0.0.0/1 \"B\" was put into it; a finds for 9.9.9.9: [('0.0.0.0/0', 'A'), ('0.0.0.0/1', 'B')]" ]
