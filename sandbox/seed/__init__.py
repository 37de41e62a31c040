"""The workspaces that a fresh local Pumble opens on. Ids, tokens and times are the same every time."""

from sandbox.seed.credentials import API_APP_ID

__all__ = ["API_APP_ID"]
