"""Table of the applications that may ask the decision point."""

from django.db import models

from rolebook.accounts.models import Program
from rolebook.audit.ids import new_public_id


class Client(models.Model):
    """An application with a bearer token of one program. Of the token only a digest is kept (I8)."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="clients")
    name = models.CharField(max_length=100)
    token_hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    """How the token begins, so that people recognize it."""
    operations = models.JSONField()
    """What it may ask: a list of operation names, such as ``evaluation``."""
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "name"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_client_of_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name
