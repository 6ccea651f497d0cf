#!/usr/bin/env bash
# ripe.atlas.sagan 2.0.1 (PyPI, the newest): `has_expired` of a certificate is the opposite of what it says, and addresses are lost.
#
# Its documentation (types.rst, "Certificate"): "Set to True if the certificate is no longer valid". It is True as long as the
# certificate is valid, and False after that (RFC 5280, section 4.1.2.5): a count of expired certificates over a measurement of type
# sslcert counts the good ones. Of a subjectAltName (RFC 5280, section 4.2.1.6) the names are in `extensions`, and an
# iPAddress is left out without a word: the certificate of a DNS-over-TLS resolver seems not to cover the address that was asked.
#
# Seen:
#   valid until 2002: has_expired False
#   valid until 2090: has_expired True
#   subjectAltName dns.example, 192.0.2.1: ['dns.example']
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile ripe.atlas.sagan==2.0.1 cryptography==50.0.2 ||
  { echo "no ripe.atlas.sagan 2.0.1 here"; exit 77; }
seen=$("$folder/venv/bin/python" -W ignore - << 'PYTHON'
from datetime import datetime
from ipaddress import ip_address
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from ripe.atlas.sagan import Result

key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "dns.example")])
names = x509.SubjectAlternativeName([x509.DNSName("dns.example"), x509.IPAddress(ip_address("192.0.2.1"))])

def read(last):
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
                   .not_valid_before(datetime(2001, 1, 1)).not_valid_after(datetime(last, 1, 1)).add_extension(names, False)
                   .sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode())
    result = Result.get({"type": "sslcert", "fw": 5080, "timestamp": 1790000000, "msm_id": 1, "prb_id": 1, "cert": [certificate]})
    assert not result.is_error, result.error_message
    return result.certificates[0]

print("valid until 2002: has_expired", read(2002).has_expired)
print("valid until 2090: has_expired", read(2090).has_expired)
print("subjectAltName dns.example, 192.0.2.1:", read(2090).extensions["subjectAltName"])
PYTHON
)
echo "$seen"
[ "$seen" = "valid until 2002: has_expired False
valid until 2090: has_expired True
subjectAltName dns.example, 192.0.2.1: ['dns.example']" ]
