from django.db import migrations, models


class Migration(migrations.Migration):
    """Why a part in a program was deactivated or closed where nobody decided it: a rejected mail, or no sign-in."""

    dependencies = [("governance", "0005_privilege_uses")]

    operations = [
        migrations.AddField(
            model_name="participation",
            name="status_cause",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Somebody decided it"),
                    ("bounce", "A mail was rejected"),
                    ("inactivity", "No sign-in for too long"),
                ],
                db_default="",
                default="",
                max_length=20,
            ),
        )
    ]
