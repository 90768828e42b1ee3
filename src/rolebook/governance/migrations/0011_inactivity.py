from django.conf import settings
from django.db import migrations, models
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    """When a part in a program ends by quiet, what was held when that closed it, and the watch over who is due."""

    dependencies = [
        ("governance", "0010_attachments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("participation", "quiet_ends_at", models.DateTimeField(null=True)),
        migrations.AddField("participation", "quiet_warned_at", models.DateTimeField(null=True)),
        migrations.AddField("participation", "quiet_warned_days", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField("participation", "quiet_official_told_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "participation",
            models.Index(fields=["program", "status", "quiet_ends_at", "id"], name="participation_quiet"),
        ),
        migrations.CreateModel(
            name="HeldAtClosing",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("closed_at", models.DateTimeField()),
                (
                    "access",
                    models.OneToOneField(
                        null=True, on_delete=PROTECT, related_name="held_at_closing", to="governance.access"
                    ),
                ),
                (
                    "grant",
                    models.OneToOneField(
                        null=True, on_delete=PROTECT, related_name="held_at_closing", to="governance.grant"
                    ),
                ),
                (
                    "participation",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="held_at_closing", to="governance.participation"
                    ),
                ),
                ("program", models.ForeignKey(on_delete=PROTECT, to="accounts.program")),
            ],
            options={
                "indexes": [models.Index(fields=["participation", "closed_at"], name="held_at_closing_of")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("access__isnull", True), ("grant__isnull", False))
                        | models.Q(("access__isnull", False), ("grant__isnull", True)),
                        name="held_at_closing_is_one_thing",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuietWatch",
            fields=[
                (
                    "program",
                    models.OneToOneField(
                        on_delete=PROTECT,
                        primary_key=True,
                        related_name="quiet_watch",
                        serialize=False,
                        to="accounts.program",
                    ),
                ),
                ("ran_at", models.DateTimeField(null=True)),
                ("counted_by", models.CharField(blank=True, default="", max_length=80)),
                ("stopped_at", models.DateTimeField(null=True)),
                (
                    "why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("clock", "The clock jumped"),
                            ("share", "More are due at once than the program declares"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("due", models.PositiveIntegerField(default=0)),
                ("active", models.PositiveIntegerField(default=0)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("go_on_until", models.DateTimeField(null=True)),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
    ]
