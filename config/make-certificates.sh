#!/usr/bin/env bash
# Makes what the demo needs for mutual TLS: an authority, a server certificate for 127.0.0.1 and localhost, and a client
# certificate; and for signatures of UPI the P-256 key pairs of both sides, which stay as they are. For development only: the
# authority's key lies beside them. Does nothing while the certificates are valid for another day.
# usage: config/make-certificates.sh [FOLDER [NAME...]]
#   FOLDER   where they go (default: config/certificates)
#   NAME     a further host name of the server
set -euo pipefail
umask 077

folder="${1:-$(dirname "$0")/certificates}"
names=DNS:localhost,IP:127.0.0.1,IP:::1
for name in "${@:2}"; do names+=",DNS:$name"; done
days=90
one_day=86400

mkdir -p "$folder"
work="$(mktemp -d "$folder/.new.XXXXXX")"
trap 'rm -rf "$work"' EXIT

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key" 2>/dev/null; }

for name in upi upi-facade; do
    if [[ -s "$folder/$name.key" && -s "$folder/$name.pub" ]]; then continue; fi
    new_key "$name"
    openssl pkey -in "$work/$name.key" -pubout -out "$work/$name.pub"
    mv "$work/$name.key" "$work/$name.pub" "$folder/"
    chmod 0644 "$folder/$name.pub"
done

for name in ca server client; do
    [[ -s "$folder/$name.key" ]] || break
    openssl x509 -in "$folder/$name.pem" -noout -checkend "$one_day" >/dev/null 2>&1 || break
    [[ "$name" != client ]] || exit 0
done

new_key ca
openssl req -x509 -new -key "$work/ca.key" -sha256 -days "$days" -subj "/CN=Drawbridge development authority" \
    -addext "basicConstraints=critical,CA:true" -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$work/ca.pem"

issue() { # name, subject, extensions
    new_key "$1"
    openssl req -new -key "$work/$1.key" -subj "$2" -out "$work/$1.csr"
    printf '%s\n' "basicConstraints=critical,CA:false" "keyUsage=critical,digitalSignature" "$3" >"$work/$1.ext"
    openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -sha256 -days "$days" \
        -extfile "$work/$1.ext" -out "$work/$1.pem" 2>/dev/null
}
issue server "/CN=localhost" $'extendedKeyUsage=serverAuth\nsubjectAltName='"$names"
issue client "/CN=drawbridge" "extendedKeyUsage=clientAuth"

for name in ca server client; do
    mv "$work/$name.key" "$work/$name.pem" "$folder/"
    chmod 0644 "$folder/$name.pem"
    chmod 0600 "$folder/$name.key"
done
echo "certificates for development: $folder (valid for $days days)"
