"""The workspaces of a new local Pumble. Ids, tokens and times are always the same."""
