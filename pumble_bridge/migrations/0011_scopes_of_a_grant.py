from django.db import migrations, models
from django.db.models import F


def show_lacking_permissions(apps, schema_editor) -> None:  # type: ignore[no-untyped-def]
    """Publish the Home tabs of owners and administrators again, because the app now lacks permissions."""
    roles = ("OWNER", "ADMINISTRATOR")
    tabs = apps.get_model("pumble_bridge", "HomeTab").objects.filter(member__role__in=roles)
    tabs.update(version=F("version") + 1)


class Migration(migrations.Migration):

    dependencies = [
        ('pumble_bridge', '0010_new_key_in_the_home_tab'),
    ]

    operations = [
        migrations.AddField(
            model_name='authorization',
            name='granted_scopes',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='installation',
            name='granted_scopes',
            field=models.JSONField(null=True),
        ),
        migrations.AlterField(
            model_name='oauthstate',
            name='purpose',
            field=models.CharField(choices=[('INSTALL', 'Install'), ('SIGN_IN', 'Sign In'), ('REINSTALL', 'Reinstall')], max_length=16),
        ),
        migrations.RunPython(show_lacking_permissions, migrations.RunPython.noop, elidable=True),
    ]
