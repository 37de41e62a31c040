"""What the app stores about Pumble: grants, accepted hooks, Home tabs, notices, events and its own upkeep."""

from pumble_bridge.models.chat import HomeTab, Notice
from pumble_bridge.models.events import ChannelType, EventFeed, EventListener, StoredEvent
from pumble_bridge.models.grants import Authorization, Installation, OAuthState
from pumble_bridge.models.hooks import AcceptedHook
from pumble_bridge.models.upkeep import MaintenanceRun, SecretCheck

__all__ = [
    "AcceptedHook",
    "Authorization",
    "ChannelType",
    "EventFeed",
    "EventListener",
    "HomeTab",
    "Installation",
    "MaintenanceRun",
    "Notice",
    "OAuthState",
    "SecretCheck",
    "StoredEvent",
]
