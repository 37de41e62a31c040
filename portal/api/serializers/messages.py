"""Input of the operations on messages."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.serializers.base import (
    AnyCaseChoiceField,
    BlocksField,
    ChannelIdField,
    ChannelInput,
    CursorField,
    FilesField,
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


class FetchFileInput(FetchMessageInput):
    fileId = IdField(help_text=_("The file's id"))  # noqa: N815 - the contract's name


class MessagePageInput(ChannelInput):
    cursor = CursorField(required=False, help_text=_("A message's id, epoch milliseconds or an ISO time"))
    limit = LimitField(
        max_limit=200,
        default_limit=100,
        required=False,
        help_text=_("The maximum number of entries per page"),
    )
    strategy = AnyCaseChoiceField(
        choices=["BEFORE", "AFTER", "AROUND"],
        required=False,
        help_text=_("The side of the cursor. Default: BEFORE"),
    )


class FetchThreadRepliesInput(MessagePageInput):
    rootMessageId = IdField(help_text=_("The id of the message that started the thread"))  # noqa: N815 - the contract's name


class MessageInput(Input):
    aliases = {"asbot": "asBot"}

    text = TextField(help_text=_("The text. Shown where blocks cannot be shown"))
    blocks = BlocksField(required=False)
    asBot = serializers.BooleanField(required=False, help_text=_("Send as the app's bot"))  # noqa: N815 - the contract's


class SendMessageInput(ChannelInput, MessageInput):
    threadRootId = IdField(required=False, help_text=_("Send as a reply in this message's thread"))  # noqa: N815


class SendReplyInput(ChannelInput, MessageInput):
    messageId = IdField(help_text=_("The id of the message that started the thread"))  # noqa: N815 - the contract's names
    alsoSendToChannel = serializers.BooleanField(  # noqa: N815
        required=False, help_text=_("Show the reply in the channel too")
    )


class MessageForm(MessageInput):
    """A message with files, which needs no text."""

    text = TextField(required=False, help_text=_("The text. A message with files may have none"))
    file = FilesField(help_text=_("1 to 10 files, each in a part of its own named `file`"))


class DmUserInput(MessageInput):
    require_any_of = ("userId", "email")

    userId = IdField(required=False, help_text=_("The person's id. Takes precedence over `email`"))  # noqa: N815 - the contract's
    email = serializers.CharField(required=False, help_text=_("The person's e-mail"))


class DmGroupInput(MessageInput):
    require_any_of = ("userIds", "emails")

    userIds = IdListField(required=False, help_text=_("The people's ids. Take precedence over `emails`"))  # noqa: N815 - the contract's
    emails = TextListField(required=False, help_text=_("The people's e-mails"))


class SendMessageForm(MessageForm, SendMessageInput):
    pass


class SendReplyForm(MessageForm, SendReplyInput):
    pass


class DmUserForm(MessageForm, DmUserInput):
    pass


class DmGroupForm(MessageForm, DmGroupInput):
    pass
