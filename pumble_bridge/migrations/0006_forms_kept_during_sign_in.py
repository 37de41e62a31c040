import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The release before writes neither column, and shorter addresses."""

    dependencies = [
        ("keys", "0009_sign_out_everywhere"),
        ("pumble_bridge", "0005_notices_of_policies"),
    ]

    operations = [
        migrations.AlterField(
            model_name="oauthstate",
            name="return_to",
            field=models.TextField(),
        ),
        migrations.AddField(
            model_name="oauthstate",
            name="form",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="oauthstate",
            name="typed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
