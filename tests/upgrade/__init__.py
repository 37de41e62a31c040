"""What an upgrade from the release before leaves as it was.

`release/` has what that release wrote: for SQLite and for PostgreSQL a dump of its database, and as JSON what it answered. It has the
source of that release, too: both run beside each other during an upgrade.
Record the next release when it is out; git has a checkout of it, and an environment has its locked requirements:

    git worktree add /tmp/release 0.1.0
    python3 -m venv /tmp/release/.venv
    /tmp/release/.venv/bin/pip install --require-hashes -r /tmp/release/requirements.txt
    .venv/bin/python -m tests.upgrade.record /tmp/release
"""
