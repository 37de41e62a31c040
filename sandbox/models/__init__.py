from sandbox.models.apps import App, Authorization, GrantCode, HomeView, Installation
from sandbox.models.conversations import Channel, Membership, Message, Pin, Reaction
from sandbox.models.files import UploadedFile
from sandbox.models.scheduled import ScheduledMessage
from sandbox.models.workspaces import HUMAN, Person, UserGroup, Workspace

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
