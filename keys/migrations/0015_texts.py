from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('keys', '0014_trace_of_a_call'),
    ]

    operations = [
        migrations.AlterField(
            model_name='apikey',
            name='disabled_reason',
            field=models.CharField(blank=True, choices=[('IDLE', 'not used for a long time'), ('POLICY', 'violates the policy of the workspace')], max_length=16),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='revoked_reason',
            field=models.CharField(blank=True, choices=[('BY_HOLDER', 'deleted by its owner'), ('BY_ADMINISTRATOR', 'revoked by an administrator'), ('BY_OPERATOR', 'revoked by the operator'), ('PASTED', 'pasted into chat'), ('NOT_DELIVERED', 'never delivered'), ('PREDECESSOR_REVOKED', 'the key that it should replace was revoked'), ('UNAUTHORIZED', 'its owner no longer authorizes the app'), ('UNINSTALLED', 'the app was uninstalled'), ('DEACTIVATED', 'its owner was deactivated in Pumble')], max_length=32),
        ),
        migrations.AlterField(
            model_name='auditevent',
            name='type',
            field=models.CharField(choices=[('key.issued', 'Created'), ('key.confirmed', 'Key shown to its owner'), ('key.renamed', 'Renamed from “%(before)s” to “%(after)s”'), ('key.narrowed', 'Permissions reduced: %(changed)s'), ('key.disabled', 'Disabled'), ('key.enabled', 'Enabled again'), ('key.rotated', 'Rotated: replaced by pmb_%(successor)s'), ('key.retired', 'Grace period ended'), ('key.used_after_rotation', 'Used after its grace period'), ('key.rehashed', 'Digest renewed'), ('key.revoked', 'Revoked: %(reason)s'), ('key.used_elsewhere', 'Used from a network for the first time'), ('key.leaked', 'Found in a chat message'), ('key.leak_dismissed', 'Leak reported as a test'), ('key.identified', 'Identified by its plaintext'), ('policy.changed', "The workspace's policy was changed"), ('app.installed', 'The app was installed'), ('app.uninstalled', 'The app was uninstalled'), ('member.authorized', 'Authorized the app'), ('member.unauthorized', 'No longer authorizes the app'), ('member.role_changed', 'Role changed from %(before)s to %(after)s'), ('member.deactivated', 'Deactivated in Pumble'), ('member.reactivated', 'Active in Pumble again'), ('member.signed_in', 'Signed in'), ('member.signed_out', 'Signed out'), ('member.erased', 'Name, e-mail and addresses erased'), ('rights.refused', 'Attempt denied: %(tried)s'), ('operator.signed_in', 'An operator signed in'), ('operator.sign_in_refused', 'Failed sign-in as operator'), ('operator.signed_out', 'An operator signed out'), ('operator.looked', 'An operator viewed this workspace: %(page)s'), ('audit.exported', 'The audit log was exported'), ('audit.checkpoint', 'Audit events were removed by retention'), ('secrets.rotated', 'Secrets of the installation were rotated')], max_length=32),
        ),
    ]
