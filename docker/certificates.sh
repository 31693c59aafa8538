#!/bin/sh
# Makes certificates for the database and Valkey, once, in /certificates and /valkey-certificate.
# The authority's own key is thrown away afterwards; to renew everything, remove both volumes and start again.
set -eu
[ -f /certificates/ready ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
days=3650 curve="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

openssl req -x509 $curve -days $days -subj "/CN=Omega Portal installation" \
    -keyout "$work/ca.key" -out /certificates/ca.crt
for name in database valkey; do
    openssl req $curve -subj "/CN=$name" -keyout "$work/$name.key" -out "$work/$name.csr"
    printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\n' "$name" > "$work/extensions"
    openssl x509 -req -in "$work/$name.csr" -CA /certificates/ca.crt -CAkey "$work/ca.key" -CAcreateserial \
        -CAserial "$work/serial" -days $days -extfile "$work/extensions" -out "$work/$name.crt"
done

# 70 is the postgres group of the database image, which insists on a key nobody else can read.
install -m 0644 "$work/database.crt" /certificates/database.crt
install -m 0640 -g 70 "$work/database.key" /certificates/database.key
# Only the Valkey container sees this volume.
install -m 0644 "$work/valkey.crt" "$work/valkey.key" /certificates/ca.crt /valkey-certificate/
touch /certificates/ready
