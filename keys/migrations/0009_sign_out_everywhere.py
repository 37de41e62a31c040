from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('keys', '0008_erased_members'),
    ]

    operations = [
        migrations.AddField(
            model_name='member',
            name='signed_out_at',
            field=models.DateTimeField(null=True),
        ),
    ]
