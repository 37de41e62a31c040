"""The REST API of the platform: `/v1/...` and `/oauth2/...`."""
