from django.conf import settings
from django.db import migrations, models

FORMER = {
    "largest_lifetime": "max_lifetime",
    "never_allowed": "allows_no_expiry",
    "most_keys": "max_keys",
    "idle_from": "idle_rule_since",
    "requests_kept_days": "request_log_retention_days",
    "leak_guard": "leak_detection_enabled",
}


class Migration(migrations.Migration):
    """Rename fields in Python only. The columns and the table of allowed creators keep their names."""

    dependencies = [
        ("keys", "0012_surface_and_agent_of_a_call"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                *(
                    migrations.RenameField("policy", former, name)
                    for former, name in (*FORMER.items(), ("chosen", "allowed_creators"))
                ),
                migrations.AlterField(
                    "policy",
                    "allowed_creators",
                    models.ManyToManyField(
                        db_table="keys_policy_chosen", related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                migrations.AlterField(
                    "policy", "max_lifetime", models.DurationField(db_column="largest_lifetime", null=True)
                ),
                migrations.AlterField(
                    "policy", "allows_no_expiry", models.BooleanField(db_column="never_allowed", default=True)
                ),
                migrations.AlterField(
                    "policy", "max_keys", models.PositiveSmallIntegerField(db_column="most_keys", default=200)
                ),
                migrations.AlterField(
                    "policy", "idle_rule_since", models.DateTimeField(db_column="idle_from", null=True)
                ),
                migrations.AlterField(
                    "policy",
                    "request_log_retention_days",
                    models.PositiveSmallIntegerField(db_column="requests_kept_days", default=90),
                ),
                migrations.AlterField(
                    "policy",
                    "leak_detection_enabled",
                    models.BooleanField(db_column="leak_guard", default=True),
                ),
                migrations.RenameField("auditevent", "address_mark", "address_pseudonym"),
                migrations.AlterField(
                    "auditevent",
                    "address_pseudonym",
                    models.CharField(blank=True, db_column="address_mark", max_length=72),
                ),
                migrations.RenameField("auditaddress", "mark", "pseudonym"),
                migrations.AlterField(
                    "auditaddress", "pseudonym", models.CharField(db_column="mark", max_length=72)
                ),
                migrations.RenameField("auditaddress", "of", "member"),
                migrations.AlterField(
                    "auditaddress",
                    "member",
                    models.ForeignKey(
                        db_column="of_id",
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
