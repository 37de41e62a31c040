from pumble_bridge.sandbox.models.apps import App, Authorization, GrantCode, HomeView, Installation
from pumble_bridge.sandbox.models.conversations import Channel, Membership, Message, Pin, Reaction
from pumble_bridge.sandbox.models.files import UploadedFile
from pumble_bridge.sandbox.models.scheduled import ScheduledMessage
from pumble_bridge.sandbox.models.workspaces import HUMAN, Person, UserGroup, Workspace

__all__ = [
    "HUMAN",
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
    "ScheduledMessage",
    "UploadedFile",
    "UserGroup",
    "Workspace",
]
