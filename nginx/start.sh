#!/bin/bash
# Writes the parts of nginx's configuration that depend on the environment and becomes nginx.
#
#   BACKEND         host:port (default: server:5000). The name may stand for several servers: they are taken in turn,
#                   and one that does not answer is passed over
#   UPSTREAMS       the same servers by names of their own, host:port, separated by spaces (default: BACKEND). For
#                   socket.io's long-polling alone, which has to stay with one server: a client's address decides
#   HTTPS_REDIRECT  yes or no: with certificates, send plain HTTP to HTTPS (default: yes)
#   HTTPS_PORT      port that clients reach our 443 by, for that redirect (default: 443)
#   METRICS_ALLOW   networks in CIDR notation that may read /metrics, separated by spaces (default: none)
#
# TLS is on when /etc/nginx/tls holds fullchain.pem and privkey.pem. After they were renewed: send nginx a HUP.
# shellcheck disable=SC2016 # $backend and the like are nginx's variables
set -euo pipefail

fail() {
  echo "nginx: $*" >&2
  exit 64
}

here=/etc/nginx/pladmed
made=/tmp/nginx
certificate=/etc/nginx/tls/fullchain.pem
key=/etc/nginx/tls/privkey.pem
mkdir -p "$made"

backend=${BACKEND:-server:5000}
read -ra upstreams <<<"${UPSTREAMS:-$backend}"
read -ra metrics <<<"${METRICS_ALLOW-}"
for upstream in "$backend" "${upstreams[@]}"; do
  [[ $upstream =~ ^[A-Za-z0-9._-]+:[0-9]+$ ]] || fail "BACKEND or UPSTREAMS: '$upstream' is not host:port."
done

{
  printf 'map "" $backend { default %s; }\n' "$backend"
  echo 'split_clients "$remote_addr" $one_backend {'
  for upstream in "${upstreams[@]:1}"; do
    printf '  %s%% %s;\n' "$((100 / ${#upstreams[@]}))" "$upstream"
  done
  printf '  * %s;\n}\n' "${upstreams[0]}"
  # A websocket is one connection, to any server; what began by polling goes on where it began.
  printf 'map "$arg_transport $arg_sid" $socket_backend {\n  "websocket " $backend;\n  default $one_backend;\n}\n'
} >"$made/backends.conf"

{
  echo 'location = /metrics {'
  for network in "${metrics[@]}"; do
    [[ $network =~ ^[0-9a-fA-F.:]+(/[0-9]{1,3})?$ ]] || fail "METRICS_ALLOW: '$network' is no network."
    echo "  allow $network;"
  done
  echo '  deny all;'
  echo '  error_page 403 =404 @metrics_hidden;'
  echo '  proxy_pass http://$backend;'
  echo '}'
  echo 'location @metrics_hidden {'
  echo '  default_type application/problem+json;'
  echo "  return 404 '{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"Error\":\"There is nothing here.\"}';"
  echo '}'
} >"$made/metrics.conf"

# Thousands of probes may come back within a second: with nginx's own 511 the others would have to knock again.
backlog=backlog=4096
plain="server {
  listen 80 default_server $backlog;
  include $here/locations.conf;
}"
# For containers beside us, which need no TLS; this port is not published.
inside="server {
  listen 8080 default_server;
  include $here/locations.conf;
}"
https_port=${HTTPS_PORT:-443}
[[ $https_port =~ ^[0-9]{1,5}$ ]] || fail "HTTPS_PORT: '$https_port' is no port."
https_port=:$https_port
redirect='server {
  listen 80 default_server '$backlog';
  location /.well-known/acme-challenge/ { root /etc/nginx/tls/acme; default_type text/plain; }
  location / { return 308 https://$host'${https_port%:443}'$request_uri; }
}'
if [[ -r $certificate && -r $key ]]; then
  case ${HTTPS_REDIRECT:-yes} in
    yes) echo "$redirect" ;;
    no) echo "$plain" ;;
    *) fail "HTTPS_REDIRECT must be yes or no." ;;
  esac >"$made/servers.conf"
  cat >>"$made/servers.conf" <<CONFIG
server {
  listen 443 ssl default_server $backlog;
  ssl_certificate $certificate;
  ssl_certificate_key $key;
  include $here/locations.conf;
}
CONFIG
  echo 'nginx: TLS on.'
else
  echo "$plain" >"$made/servers.conf"
  echo 'nginx: no certificate in /etc/nginx/tls, plain HTTP only.'
fi

echo "$inside" >>"$made/servers.conf"

# nginx writes whole request lines into its error log; cut the queries (tokens) out of them.
rm -f "$made/errors"
mkfifo "$made/errors"
sed -u -E 's/\?[^ "]*/?.../g' <"$made/errors" >&2 &
exec nginx -g 'daemon off;' 2>"$made/errors"
