#!/bin/sh
# deploy/new-env.sh URL > .env: print settings with new secrets for a portal with the public URL.
set -eu
[ ! -f /dev/fd/1 ] || chmod 600 /dev/fd/1
random() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }
cat << END
PUBLIC_URL=$1
SECRET_KEY=$(random)$(random)
KEY_PEPPERS=1:$(head -c 32 /dev/urandom | base64)
TOKEN_ENCRYPTION_KEYS=$(random)
POSTGRES_PASSWORD=$(random | tr -d =)
# Pumble shows these after you create the app from the output of \`manage.py manifest\` or \`pumble-api-keys manifest\`:
PUMBLE_APP_ID=
PUMBLE_APP_KEY=
PUMBLE_APP_CLIENT_SECRET=
PUMBLE_APP_SIGNING_SECRET=
END
