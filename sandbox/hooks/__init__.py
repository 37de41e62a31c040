"""Hooks: what the local Pumble sends to an app, and what it makes of the answer."""
