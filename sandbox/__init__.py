"""The local Pumble: REST API, consent screen, hook sender and chat page, in its own process and database.

It knows an app only as Pumble does: by its manifest, its redirect URL and its signed hooks.
"""
