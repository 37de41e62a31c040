"""The platform's REST API: `/v1/...` and `/oauth2/...`."""
