"""In IQCS a mail to an account manager was rejected: deactivated, and the representative was told."""

from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.cli.server.demo_world.acts import OPERATOR
from rolebook.governance.flows.record_employment import record_employment
from rolebook.notices.bounce_models import Bounce
from rolebook.notices.bounces import take
from rolebook.notices.delivery_reports import DeliveryReport, Kind, Told
from rolebook.notices.models import Notice

_SAID = "smtp; 550 5.1.1 The mailbox is not known here"


def employ(account: Account, program_id: str, code: str, at: datetime) -> None:
    """Record who employs somebody."""
    place = Organization.objects.get(program_id=program_id, code=code)
    record_employment(
        acting_user=None,
        program_id=program_id,
        beneficiary_id=account.public_id,
        organization_id=place.public_id,
        at=at,
        origin=OPERATOR,
    )


def reject_mail(account: Account, at: datetime) -> None:
    """Have the newest mail to somebody rejected; nothing where the world is built without mail."""
    sent = Notice.objects.filter(recipient=account, address="", attempts__gt=0)
    notice = sent.order_by("-pk").first()
    if notice is None:
        return
    told = Told((account.email,), Kind.HARD, "5.1.1", _SAID)
    take(DeliveryReport(notice.message_id, (told,)), source=Bounce.Source.COMMAND, at=at)
