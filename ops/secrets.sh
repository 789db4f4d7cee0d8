#!/bin/sh
# Makes the secrets of docker-compose.yml that are not there yet, in ./secrets or $1. Those that come
# from elsewhere (tokens of GitHub, say) are made empty: write them into their files. With `broker` as
# $2 the worker is told to publish to the broker of the compose file.
set -eu
umask 077
directory=${1:-secrets}
mkdir -p "$directory"
cd "$directory"

make_secret() {  # name, and the command that makes it
    name=$1
    shift
    if [ ! -e "$name" ]; then
        "$@" > "$name.part"
        mv "$name.part" "$name"
        echo "made $directory/$name"
    fi
    chmod 644 "$name"  # containers read it as users of their own; nobody else walks in here
}

encryption_key() { openssl rand -base64 32 | tr '+/' '-_'; }

broker_account() { printf 'default_user = gitinsight\ndefault_pass = %s\n' "$(openssl rand -hex 24)"; }

make_secret postgres_password openssl rand -hex 24
make_secret grafana_password openssl rand -hex 24
make_secret encryption_keys encryption_key
make_secret broker_account broker_account
for name in broker_url github_tokens github_client_secret webhook_secret prometheus_key; do
    make_secret "$name" true
done
if [ "${2:-}" = broker ] && [ ! -s broker_url ]; then
    password=$(sed -n 's/^default_pass = //p' broker_account)
    echo "amqp://gitinsight:$password@broker:5672/" > broker_url
    echo "made $directory/broker_url an address"
fi
if [ ! -e tls.crt ] || [ ! -e tls.key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
        -keyout tls.key -out tls.crt 2> /dev/null
    chmod 644 tls.crt tls.key
    echo "made $directory/tls.crt, signed by itself: exchange it for one that browsers know"
fi
