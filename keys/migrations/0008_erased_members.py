from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('keys', '0005_more_events'),
    ]

    operations = [
        migrations.AddField(
            model_name='member',
            name='erased_at',
            field=models.DateTimeField(null=True),
        ),
    ]
