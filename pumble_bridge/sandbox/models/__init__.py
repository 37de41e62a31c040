from pumble_bridge.sandbox.models.apps import App, Authorization, GrantCode, HomeView, Installation
from pumble_bridge.sandbox.models.conversations import Channel, Membership, Message, Pin, Reaction
from pumble_bridge.sandbox.models.workspaces import Person, Workspace

__all__ = [
    "App",
    "Authorization",
    "Channel",
    "GrantCode",
    "HomeView",
    "Installation",
    "Membership",
    "Message",
    "Person",
    "Pin",
    "Reaction",
    "Workspace",
]
