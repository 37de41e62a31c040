import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('pumble_bridge', '0008_maintenance_run'),
    ]

    operations = [
        migrations.AddField(
            model_name='notice',
            name='sent_with',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='pumble_bridge.notice'),
        ),
    ]
