"""Events that keys listen to."""

from datetime import timedelta

from django.db import models

from keys.models import ApiKey, Workspace


class EventFeed(models.Model):
    """The numbering of a workspace's stored events. Its row is locked while an event is stored: numbers commit in order.

    Attributes:
        last_number: of the newest event, deleted or not.
        cut_number: of the newest event that was deleted for its age or because there were too many.
    """

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last_number = models.PositiveBigIntegerField(default=0)
    cut_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"event feed of {self.workspace_id}, {self.last_number} events"


class EventListener(models.Model):
    """A key that listens to events. Listening ends `TIMEOUT` after its last call: the next begins a new row.

    `started_at` is when it began, `called_at` is the last call, to the minute.
    """

    TIMEOUT = timedelta(hours=24)

    key = models.OneToOneField(ApiKey, on_delete=models.CASCADE, related_name="event_listener")
    started_at = models.DateTimeField()
    called_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"listener {self.key_id} since {self.started_at:%Y-%m-%dT%H:%M:%SZ}"


class StoredEvent(models.Model):
    """An event of Pumble that a key of the workspace listens to.

    Attributes:
        type: the API's name, such as `message.created`.
        user_ids: the users that the hook named: those who may hear the event.
        author_id: who wrote the message, or did what the event reports; "" if it does not tell.
        content: `id` and `data` of the API's event, encrypted. See `pumble_bridge.events.contents`.
        is_partial: the hook did not carry the whole message. It is fetched once.
    """

    RETENTION = timedelta(hours=24)

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveBigIntegerField()
    type = models.CharField(max_length=32)
    channel_id = models.CharField(max_length=24)
    user_ids = models.JSONField()
    author_id = models.CharField(max_length=24, blank=True)
    content = models.BinaryField()
    is_partial = models.BooleanField(default=False)
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="stored_event_number")]

    def __str__(self) -> str:
        return f"event {self.number} of {self.workspace_id}"


class ChannelType(models.Model):
    """The type of a channel in which an event happened, as Pumble said lately. "" if Pumble does not show the channel.

    It is kept for a minute only: a public channel can become private, and no event tells it.
    """

    RETENTION = timedelta(minutes=1)

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    channel_id = models.CharField(max_length=24)
    type = models.CharField(max_length=16, blank=True)
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel_id"], name="channel_type_of_a_channel")
        ]

    def __str__(self) -> str:
        return f"channel {self.channel_id}: {self.type}"
