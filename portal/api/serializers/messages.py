"""What the operations on messages take in."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.base import (
    AnyCaseChoiceField,
    BlocksField,
    ChannelIdField,
    ChannelInput,
    CursorField,
    IdField,
    IdListField,
    Input,
    LimitField,
    TextField,
    TextListField,
)


class EditMessageInput(Input):
    messageId = IdField(help_text=_("The message's id"))  # noqa: N815 - the contract's names
    channelId = ChannelIdField()  # noqa: N815
    text = TextField(help_text=_("The new text"))
    blocks = BlocksField(required=False)


class DeleteMessageInput(ChannelInput):
    messageId = IdField(help_text=_("The message's id"))  # noqa: N815 - the contract's name


class FetchMessageInput(ChannelInput):
    messageId = IdField(help_text=_("The message's id"))  # noqa: N815 - the contract's name


class PageInput(ChannelInput):
    cursor = CursorField(required=False, help_text=_("A message's id, epoch milliseconds or an ISO time"))
    limit = LimitField(
        max_limit=200, default_limit=100, required=False, help_text=_("How many a page may have")
    )
    strategy = AnyCaseChoiceField(
        choices=["BEFORE", "AFTER", "AROUND"],
        required=False,
        help_text=_("Which side of the cursor, BEFORE unless said"),
    )


class FetchThreadRepliesInput(PageInput):
    rootMessageId = IdField(help_text=_("The id of the message that began the thread"))  # noqa: N815 - the contract's name


class ComposeInput(Input):
    aliases = {"asbot": "asBot"}

    text = TextField(help_text=_("Shown where blocks are not"))
    blocks = BlocksField(required=False)
    asBot = serializers.BooleanField(required=False, help_text=_("Send as the app's bot"))  # noqa: N815 - the contract's


class SendMessageInput(ChannelInput, ComposeInput):
    threadRootId = IdField(required=False, help_text=_("Send as a reply in this message's thread"))  # noqa: N815


class SendReplyInput(ChannelInput, ComposeInput):
    messageId = IdField(help_text=_("The thread's root"))  # noqa: N815 - the contract's names
    alsoSendToChannel = serializers.BooleanField(  # noqa: N815
        required=False, help_text=_("Show the reply in the channel too")
    )


class DmUserInput(ComposeInput):
    require_any_of = ("userId", "email")

    userId = IdField(required=False, help_text=_("The person's id; wins over email"))  # noqa: N815 - the contract's
    email = serializers.CharField(required=False, help_text=_("The person's e-mail"))


class DmGroupInput(ComposeInput):
    require_any_of = ("userIds", "emails")

    userIds = IdListField(required=False, help_text=_("The people's ids; win over emails"))  # noqa: N815 - the contract's
    emails = TextListField(required=False, help_text=_("The people's e-mails"))
