from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('keys', '0006_chained_audit'),
    ]

    operations = [
        migrations.AddField(
            model_name='member',
            name='erased_at',
            field=models.DateTimeField(null=True),
        ),
    ]
