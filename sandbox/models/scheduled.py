"""Messages that wait for their time."""

from django.db import models

from sandbox.models.conversations import Channel, Message
from sandbox.models.workspaces import Person


class ScheduledMessage(models.Model):
    """Exists only while it is pending. `occurrence` counts from 1 the posts of one recurring message."""

    id = models.CharField(primary_key=True, max_length=24)
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="scheduled_messages")
    author = models.ForeignKey(Person, models.CASCADE, related_name="scheduled_messages")
    text = models.TextField(blank=True)
    blocks = models.JSONField(default=list)
    attachments = models.JSONField(default=list)
    files = models.JSONField(default=list)
    send_at_ms = models.BigIntegerField(db_index=True)
    # A reply without its thread would say in the channel what was meant for a few.
    root = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+")
    also_in_channel = models.BooleanField(default=False)
    quote = models.JSONField(null=True)
    recurrence = models.JSONField(null=True)
    occurrence = models.IntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.id} for {self.channel_id}"
