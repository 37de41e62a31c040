"""The scopes a key can hold, in Pumble's own names, in the order in which they are listed. Pure."""

ALL = (
    "channels:list",
    "channels:read",
    "channels:write",
    "messages:read",
    "messages:write",
    "messages:edit",
    "messages:delete",
    "reaction:write",
    "users:list",
    "user:read",
    "status:write",
)
