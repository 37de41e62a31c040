#!/bin/sh
# deploy/restore.sh DUMP EXPORT NAME: restore the backup DUMP into a new database NAME (for SQLite: a new folder).
# Keys that were stopped after the backup, according to the audit export EXPORT, are stopped again; use the newest export.
# The running database is not changed. To use the restored one, set DATABASE_NAME=NAME and restart the portal. After a
# drill, drop it.
set -eu
dump=$(realpath "$1") export=$(realpath "$2") name=$3
cd "$(dirname "$0")/.."
. deploy/common.sh
case $kind in
    postgres)
        createdb --maintenance-db="$DATABASE_URL" "$name"
        pg_restore --exit-on-error --no-owner --dbname="${DATABASE_URL%/*}/$name" "$dump"
        ;;
    sqlite)
        mkdir -m 0700 "$name"
        cp "$dump" "$name/portal.sqlite3"
        ;;
    compose)
        docker compose exec -T database createdb -U portal "$name"
        docker compose exec -T database pg_restore --exit-on-error --no-owner -U portal -d "$name" < "$dump"
        ;;
esac
manage "$name" migrate --no-input --verbosity 0
if [ $kind = compose ]; then
    env DATABASE_NAME="$name" docker compose run --rm -T --no-deps portal \
        sh -c 'cat > /tmp/export && python manage.py reapply_revocations /tmp/export' < "$export"
else
    manage "$name" reapply_revocations "$export"
fi
manage "$name" audit_verify
