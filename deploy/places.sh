# Where the database is and how commands are run, for backup.sh and restore.sh: by DATABASE_URL, or SQLite in DATA_DIR, or
# the composition's where neither is set.

PYTHON=${PYTHON:-python}
if [ -n "${DATABASE_URL:-}" ]; then kind=postgres; elif [ -n "${DATA_DIR:-}" ]; then kind=sqlite; else kind=compose; fi

# manage NAME ARGUMENT... - a command of the portal that works on the database NAME; "" is the running one.
manage() {
    name=$1
    shift
    case $kind in
        postgres) DATABASE_URL="${DATABASE_URL%/*}/${name:-${DATABASE_URL##*/}}" "$PYTHON" manage.py "$@" ;;
        sqlite) DATA_DIR="${name:-$DATA_DIR}" "$PYTHON" manage.py "$@" ;;
        compose) ${name:+env DATABASE_NAME="$name"} docker compose run --rm -T --no-deps portal python manage.py "$@" ;;
    esac
}
