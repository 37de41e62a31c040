from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('keys', '0007_policy_of_idle_keys_and_logs'),
    ]

    operations = [
        migrations.AddField(
            model_name='member',
            name='erased_at',
            field=models.DateTimeField(null=True),
        ),
    ]
