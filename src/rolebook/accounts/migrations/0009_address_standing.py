import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether mail reaches an account's address."""

    dependencies = [("accounts", "0008_own_records")]

    operations = [
        migrations.CreateModel(
            name="AddressStanding",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="address_standing",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("rejected_at", models.DateTimeField(db_index=True, null=True)),
                ("proved_at", models.DateTimeField(null=True)),
            ],
        )
    ]
