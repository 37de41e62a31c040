"""A local Pumble: REST API, consent screen, hook sender and chat page, in a process and a database of its own.

It knows an app only as Pumble does: by its manifest, its redirect URL and its signed hooks.
"""
