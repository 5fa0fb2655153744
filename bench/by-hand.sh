#!/usr/bin/env bash
# What an administrator would type today: certificates with openssl, three etcd members, root, a role, three users, auth on.
# bench/main.ts measures `quorate init --yes` against it. Usage: by-hand.sh FOLDER BASE_PORT ; leaves the pids in FOLDER/pids.
set -euo pipefail
dir=$1 base=$2
mkdir -p "$dir" && cd "$dir"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null; }
leaf() { # NAME CN USAGES SANS
  key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr"
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n%s' "$3" "${4:+subjectAltName=$4}" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}
key ca
openssl req -x509 -new -key ca.key -subj '/CN=by hand' -days 3650 -addext 'keyUsage=critical,keyCertSign,cRLSign' -out ca.crt
names='DNS:localhost,IP:127.0.0.1'
cluster=
for n in 1 2 3; do
  leaf "server$n" "m$n" serverAuth,clientAuth "$names"
  leaf "peer$n" "m$n" serverAuth,clientAuth "$names"
  cluster+="${cluster:+,}m$n=https://127.0.0.1:$((base + n * 10 + 1))"
done
for user in root app backup; do leaf "$user" "$user" clientAuth ''; done
: >pids
for n in 1 2 3; do
  client=https://127.0.0.1:$((base + n * 10)) peer=https://127.0.0.1:$((base + n * 10 + 1))
  etcd --name "m$n" --data-dir "m$n" --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "$cluster" --initial-cluster-token by-hand \
    --cert-file "server$n.crt" --key-file "server$n.key" --client-cert-auth --trusted-ca-file ca.crt \
    --peer-cert-file "peer$n.crt" --peer-key-file "peer$n.key" --peer-client-cert-auth --peer-trusted-ca-file ca.crt >"m$n.log" 2>&1 &
  echo $! >>pids
done
export ETCDCTL_API=3 ETCDCTL_CACERT=ca.crt ETCDCTL_CERT=root.crt ETCDCTL_KEY=root.key
export ETCDCTL_ENDPOINTS=https://127.0.0.1:$((base + 10)),https://127.0.0.1:$((base + 20)),https://127.0.0.1:$((base + 30))
until etcdctl endpoint health >/dev/null 2>&1; do sleep 0.05; done
etcdctl role add app-writer >/dev/null
etcdctl role grant-permission app-writer readwrite --prefix /app/ >/dev/null
for user in root app backup; do etcdctl user add "$user" --no-password >/dev/null; done
etcdctl user grant-role root root >/dev/null
etcdctl user grant-role app app-writer >/dev/null
etcdctl user grant-role backup root >/dev/null
etcdctl auth enable >/dev/null
until etcdctl endpoint health >/dev/null 2>&1; do sleep 0.05; done
disown -a
