"""Files that apps upload; their bytes lie on the disk (`uploads.py`)."""

from django.db import models

from sandbox.models.apps import App
from sandbox.models.workspaces import Person


class UploadedFile(models.Model):
    """`upload_token` is there until the bytes are; only a `completed` file can be part of a message."""

    id = models.CharField(primary_key=True, max_length=24)
    app = models.ForeignKey(App, models.CASCADE, related_name="files")
    owner = models.ForeignKey(Person, models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    mime_type = models.CharField(max_length=130, blank=True)
    size = models.BigIntegerField()
    upload_token = models.CharField(max_length=64, unique=True, null=True, blank=True)
    uploaded_ms = models.BigIntegerField(default=0)
    completed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.id} of {self.owner_id}"

    def signature(self) -> str:
        """What the upload host vouches with that these bytes arrived."""
        return self.app.derive("file", self.id, self.size, self.uploaded_ms)
