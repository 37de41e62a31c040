"""Rename fields in Python only. Columns, indexes and constraints of the database stay as they are."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


def rename(model: str, old: str, new: str, field: "models.Field[Any, Any]") -> list[Operation]:
    return [
        migrations.AlterField(model, old, field),
        migrations.RenameField(model, old, new),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("pumble_bridge", "0006_forms_kept_during_sign_in"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex("hometab", "pumble_bridge_stale_homes"),
                migrations.RemoveConstraint("notice", "notice_once_of_a_key"),
                migrations.RemoveConstraint("notice", "notice_once_of_a_member"),
                *rename(
                    "acceptedhook",
                    "mark",
                    "dedup_key",
                    models.CharField(db_column="mark", max_length=64, unique=True),
                ),
                *rename(
                    "hometab", "changes", "version", models.PositiveIntegerField(db_column="changes", default=0)
                ),
                *rename(
                    "hometab",
                    "shown",
                    "published_version",
                    models.PositiveIntegerField(db_column="shown", default=0),
                ),
                *rename(
                    "hometab",
                    "shown_at",
                    "published_at",
                    models.DateTimeField(db_column="shown_at", null=True),
                ),
                *rename("notice", "fact", "dedup_key", models.CharField(db_column="fact", max_length=64)),
                *rename(
                    "oauthstate",
                    "typed_by",
                    "form_author",
                    models.ForeignKey(
                        db_column="typed_by_id",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="keys.member",
                    ),
                ),
                migrations.AddIndex(
                    "hometab",
                    models.Index(
                        condition=models.Q(version__gt=models.F("published_version")),
                        fields=["next_at"],
                        name="pumble_bridge_stale_homes",
                    ),
                ),
                migrations.AddConstraint(
                    "notice",
                    models.UniqueConstraint(
                        fields=("member", "key", "kind", "dedup_key"), name="notice_once_of_a_key"
                    ),
                ),
                migrations.AddConstraint(
                    "notice",
                    models.UniqueConstraint(
                        condition=models.Q(key__isnull=True),
                        fields=("member", "kind", "dedup_key"),
                        name="notice_once_of_a_member",
                    ),
                ),
            ]
        )
    ]
