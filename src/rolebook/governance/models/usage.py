"""Which privilege an account last used, and on which day; written by decision points, read for reviews."""

from django.db import models

from rolebook.accounts.models import Account, Program


class PrivilegeUse(models.Model):
    """That an account used a privilege: the last day of it, and on how many days; one row a pair, never a place.

    A day is one of the program's zone. Only :mod:`rolebook.governance.usage` writes here.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="privilege_uses")
    privilege_id = models.CharField(max_length=80)
    last_on = models.DateField()
    days = models.PositiveIntegerField()
    """Days counted so far; a day that was told only after a later one is not among them."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "account", "privilege_id"], name="one_use_of_a_privilege"
            )
        ]


class UsageSpan(models.Model):
    """From which day on a program's uses are kept, and until when a decision point told that it keeps them."""

    program = models.OneToOneField(Program, on_delete=models.PROTECT, primary_key=True, related_name="+")
    since_on = models.DateField()
    until_at = models.DateTimeField()


class ClientUse(models.Model):
    """The day on which a client's token was last accepted."""

    client = models.OneToOneField(
        "accounts.Client", on_delete=models.PROTECT, primary_key=True, related_name="use"
    )
    last_on = models.DateField()
