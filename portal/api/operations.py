"""The operations there are, in the order of the reference."""

from portal.api.channels import GetChannel, ListChannels
from portal.api.endpoint import Endpoint
from portal.api.messages import ListMessages, SendMessage
from portal.api.users import MyInfo

OPERATIONS: list[type[Endpoint]] = [ListChannels, GetChannel, SendMessage, ListMessages, MyInfo]
