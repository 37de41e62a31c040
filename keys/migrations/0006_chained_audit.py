import secrets
from collections.abc import Callable
from datetime import UTC
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from keys.audit import verifier

AT_ONCE = 500


def chain_events(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Each workspace's events of before, in the order in which they were written, become its chain."""
    event_model, chain_model, address_model = (
        apps.get_model("keys", name) for name in ("AuditEvent", "AuditChain", "AuditAddress")
    )
    for workspace in apps.get_model("keys", "Workspace").objects.order_by("pk"):
        chain = chain_model.objects.create(name=workspace.pumble_id)
        events = event_model.objects.filter(workspace=workspace).select_related("actor", "member", "key")
        last = 0
        while batch := list(events.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
            addresses: list[Any] = []
            for event in batch:
                _append(event, chain, addresses, address_model)
                last = event.pk
            fields = "chain number previous digest actor_ref member_ref key_ref detail address_mark".split()
            event_model.objects.bulk_update(batch, fields, batch_size=50)
            address_model.objects.bulk_create(addresses)
        chain.save()
    schema_editor.connection.check_constraints()  # the tables are altered next, and nothing may be pending then


def _append(event: Any, chain: Any, addresses: list[Any], address_model: Any) -> None:
    def marking(of: Any) -> Callable[[str], str]:
        salt = secrets.token_hex(16)
        known: dict[str, str] = {}

        def mark(address: str) -> str:
            if address not in known:
                known[address] = verifier.mark_of(address, salt)
                addresses.append(
                    address_model(event=event, of=of, mark=known[address], salt=salt, address=address)
                )
            return known[address]

        return mark

    event.chain, event.number, event.previous = chain, chain.number + 1, chain.digest
    event.actor_ref, event.member_ref = _ref(event.actor), _ref(event.member)
    event.key_ref = event.key.key_id if event.key else ""
    event.detail = _lasting(event.detail, marking(event.member))
    event.address_mark = marking(event.actor or event.member)(event.address) if event.address else ""
    event.digest = verifier.digest_of(
        {
            "chain": chain.name,
            "number": event.number,
            "at": event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "type": event.type,
            "surface": event.surface,
            "actor": event.actor_ref,
            "member": event.member_ref,
            "key": event.key_ref,
            "detail": event.detail,
            "address": event.address_mark,
            "request_id": event.request_id,
            "previous": event.previous,
        }
    )
    chain.number, chain.digest = event.number, event.digest


def _ref(person: Any) -> str:
    if person is None:
        return ""
    return str(person.pumble_user_id or f"operator:{person.username}")


def _lasting(value: Any, mark: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {
            name: [mark(address) for address in item or ()]
            if name == "allowed_addresses"
            else _lasting(item, mark)
            for name, item in value.items()
        }
    return [_lasting(item, mark) for item in value] if isinstance(value, list) else value


class Migration(migrations.Migration):
    """The rules that guard the chains come after the migrations: `keys.audit.guards`."""

    dependencies = [
        ("keys", "0005_more_events"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditChain",
            fields=[
                ("name", models.CharField(max_length=24, primary_key=True, serialize=False)),
                ("number", models.PositiveBigIntegerField(default=0)),
                ("digest", models.CharField(blank=True, default="", max_length=64)),
                ("pruned_number", models.PositiveBigIntegerField(default=0)),
                ("pruned_digest", models.CharField(blank=True, default="", max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="AuditAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mark", models.CharField(max_length=72)),
                ("salt", models.CharField(max_length=32)),
                ("address", models.CharField(max_length=64)),
                ("event", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="addresses", to="keys.auditevent")),
                ("of", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField("auditevent", "actor_ref", models.CharField(blank=True, max_length=80, default=""), preserve_default=False),
        migrations.AddField("auditevent", "member_ref", models.CharField(blank=True, max_length=80, default=""), preserve_default=False),
        migrations.AddField("auditevent", "key_ref", models.CharField(blank=True, max_length=12, default=""), preserve_default=False),
        migrations.AddField("auditevent", "address_mark", models.CharField(blank=True, max_length=72, default=""), preserve_default=False),
        migrations.AddField("auditevent", "previous", models.CharField(blank=True, max_length=64, default=""), preserve_default=False),
        migrations.AddField("auditevent", "digest", models.CharField(max_length=64, default=""), preserve_default=False),
        migrations.AddField("auditevent", "number", models.PositiveBigIntegerField(null=True)),
        migrations.AddField(
            "auditevent",
            "chain",
            models.ForeignKey(db_column="chain", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="events", to="keys.auditchain"),
        ),
        migrations.AlterField(
            "auditevent",
            "workspace",
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="audit_events", to="keys.workspace"),
        ),
        migrations.RunPython(chain_events),
        migrations.RemoveField("auditevent", "address"),
        migrations.AlterField("auditevent", "number", models.PositiveBigIntegerField()),
        migrations.AlterField(
            "auditevent",
            "chain",
            models.ForeignKey(db_column="chain", on_delete=django.db.models.deletion.PROTECT, related_name="events", to="keys.auditchain"),
        ),
        migrations.AddConstraint(
            "auditevent",
            models.UniqueConstraint(fields=("chain", "number"), name="keys_audit_one_of_a_number"),
        ),
    ]
