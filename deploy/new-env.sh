#!/bin/sh
# deploy/new-env.sh URL > .env: settings for a portal that people reach at URL, with fresh secrets.
set -eu
[ ! -f /dev/fd/1 ] || chmod 600 /dev/fd/1
random() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }
cat << END
PUBLIC_URL=$1
SECRET_KEY=$(random)$(random)
KEY_PEPPERS=1:$(head -c 32 /dev/urandom | base64)
TOKEN_ENCRYPTION_KEYS=$(random)
POSTGRES_PASSWORD=$(random | tr -d =)
# As Pumble shows them after the app was created from what \`manage.py manifest\` prints:
PUMBLE_APP_ID=
PUMBLE_APP_KEY=
PUMBLE_APP_CLIENT_SECRET=
PUMBLE_APP_SIGNING_SECRET=
END
