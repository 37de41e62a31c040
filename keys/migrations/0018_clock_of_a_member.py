from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('keys', '0017_audit_verification'),
    ]

    operations = [
        migrations.AddField(
            model_name='member',
            name='time_format',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='member',
            name='time_zone',
            field=models.CharField(blank=True, db_default='', default='', max_length=64),
        ),
    ]
