import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('keys', '0018_clock_of_a_member'),
        ('pumble_bridge', '0009_notices_sent_together'),
    ]

    operations = [
        migrations.AddField(
            model_name='hometab',
            name='new_key',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='keys.apikey'),
        ),
    ]
