"""Hooks: what the local Pumble sends to an app, and how it reads the answer."""
