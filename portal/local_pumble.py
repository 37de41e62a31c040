"""What the local Pumble publishes: the credentials of the app it opens with.

The local Pumble is another program (`sandbox/`) and has the same values in `sandbox/app.json`. They are public, so the portal uses
them only with `LOCAL_PUMBLE` and refuses them everywhere else.
"""

APP_CREDENTIALS = {
    "PUMBLE_APP_ID": "65f0a1b2c3d4e5f60718aa01",
    "PUMBLE_APP_KEY": "local-pumble-app-key-not-for-production",
    "PUMBLE_APP_CLIENT_SECRET": "xpcls-local-pumble-not-for-production",
    "PUMBLE_APP_SIGNING_SECRET": "xpss-local-pumble-not-for-production",
}
