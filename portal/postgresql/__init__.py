"""Django's backend for PostgreSQL, but for how a pooled connection is known to be alive."""
