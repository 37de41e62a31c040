"""The workspaces that a fresh local Pumble opens on. Ids, tokens and times are the same every time."""
