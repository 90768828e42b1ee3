"""Who holds an office at an organization is found among 100,000 who hold something there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0015_stuck_stages")]

    operations = [
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(fields=["organization", "role_id"], name="grant_office"),
        ),
    ]
