#!/bin/sh
# deploy/restore.sh DUMP EXPORT NAME: the backup DUMP into a new database NAME (of SQLite: a new folder) beside the running one, with
# every key stopped that the audit export EXPORT, of today if there is one, tells was stopped after the backup. Nothing
# else is touched: as a drill, drop NAME again; in earnest, set it as DATABASE_NAME and start the portal anew.
set -eu
dump=$(realpath "$1") export=$(realpath "$2") name=$3
cd "$(dirname "$0")/.."
. deploy/places.sh
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
