# Used by backup.sh and restore.sh: find the database and run commands. The database is that of DATABASE_URL, SQLite in
# DATA_DIR, or the one of compose.yaml if neither is set.

PYTHON=${PYTHON:-python}
if [ -n "${DATABASE_URL:-}" ]; then kind=postgres; elif [ -n "${DATA_DIR:-}" ]; then kind=sqlite; else kind=compose; fi

# manage NAME ARGUMENT... - run a command of the portal on the database NAME. "" is the running database.
manage() {
    name=$1
    shift
    case $kind in
        postgres) DATABASE_URL="${DATABASE_URL%/*}/${name:-${DATABASE_URL##*/}}" "$PYTHON" manage.py "$@" ;;
        sqlite) DATA_DIR="${name:-$DATA_DIR}" "$PYTHON" manage.py "$@" ;;
        compose) ${name:+env DATABASE_NAME="$name"} docker compose run --rm -T --no-deps portal python manage.py "$@" ;;
    esac
}
