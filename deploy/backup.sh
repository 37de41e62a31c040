#!/bin/sh
# deploy/backup.sh FOLDER: write the database and the audit export into FOLDER. The portal keeps running. Both files contain
# personal data. They do not contain the secrets of .env: store these elsewhere. Without them, no key works after a restore.
set -eu
cd "$(dirname "$0")/.."
. deploy/common.sh
umask 077
mkdir -p "$1"
stamp=$1/portal-$(date -u +%Y%m%dT%H%M%SZ)
case $kind in
    postgres) pg_dump --format=custom --no-owner --dbname="$DATABASE_URL" > "$stamp.dump" ;;
    sqlite) "$PYTHON" -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("VACUUM INTO ?", sys.argv[2:])' \
        "$DATA_DIR/portal.sqlite3" "$stamp.dump" ;;
    compose)
        name=${DATABASE_NAME:-$(sed -n 's/^DATABASE_NAME=//p' .env | tail -n 1)}
        docker compose exec -T database sh -c 'pg_dump --format=custom --no-owner -U portal "$0"' \
            "${name:-portal}" > "$stamp.dump"
        ;;
esac
manage "" audit_export > "$stamp.jsonl"
echo "$stamp.dump $stamp.jsonl"
